// What tools that wait by kstatus (Flux, kpt, Argo CD's gitops-engine for its own kinds) make of an AuthCluster, by the
// library that they use. The objects are those that operator/integration/phases.test.ts found the operator to leave.
package kstatus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

const phases = "../../operator/integration/phases"

// Only what is as declared is Current: whoever waits for it must not go on before.
var expected = map[string]status.Status{
	"not-seen-yet":                    status.InProgressStatus,
	"coming-up":                       status.InProgressStatus,
	"ready":                           status.CurrentStatus,
	"rolling-out":                     status.InProgressStatus,
	"degraded-while-it-serves":        status.InProgressStatus,
	"degraded-and-rolled-out-in-vain": status.InProgressStatus,
	// The spec has a version that was not acted on.
	"paused":         status.InProgressStatus,
	"falling-asleep": status.InProgressStatus,
	"hibernated":     status.InProgressStatus,
	"awake-again":    status.CurrentStatus,
	"on-its-way-out": status.TerminatingStatus,
}

func TestEachPhaseIsTakenForWhatItIs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(phases, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(expected) {
		t.Fatalf("%d phases are recorded, and %d expected", len(files), len(expected))
	}
	for _, file := range files {
		phase := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(phase, func(t *testing.T) {
			result, err := status.Compute(read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != expected[phase] {
				t.Errorf("it is %s (%s), not %s", result.Status, result.Message, expected[phase])
			}
		})
	}
}

// The message is what a person sees of it who waits with such a tool.
func TestTheMessageIsThatOfReady(t *testing.T) {
	result, err := status.Compute(read(t, filepath.Join(phases, "coming-up.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	if result.Message != "no Redis node answers yet" {
		t.Errorf("it is %q", result.Message)
	}
}

func read(t *testing.T, file string) *unstructured.Unstructured {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(text, &object.Object); err != nil {
		t.Fatal(err)
	}
	return object
}
