// cert-manager's controller, webhook and cainjector as one program, for tests where its images cannot be pulled. Their own
// main packages are modules that no proxy has. What those put together is in cert-manager's root module, in a copy of which
// this is built: all of it but ACME, Vault and Venafi, with one replica of each, and without metrics.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/pflag"
	ctrl "sigs.k8s.io/controller-runtime"

	logf "github.com/cert-manager/cert-manager/pkg/logs"
)

// A component adds the flags it knows to the set, and is run once they are parsed.
type component func(flags *pflag.FlagSet) (run func(ctx context.Context) error, err error)

var components = map[string]component{
	"controller": newController,
	"webhook":    newWebhook,
	"cainjector": newCAInjector,
}

func main() {
	if err := start(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func start(name string, arguments []string) error {
	logf.InitLogs()
	ctrl.SetLogger(logf.Log)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	build, known := components[name]
	if !known {
		return fmt.Errorf("there is no component %q", name)
	}
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	// The chart passes flags of what is left out here, too.
	flags.ParseErrorsAllowlist.UnknownFlags = true
	run, err := build(flags)
	if err != nil {
		return err
	}
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	return run(logf.NewContext(ctx, logf.Log, name))
}
