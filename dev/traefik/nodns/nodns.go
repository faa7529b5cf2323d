// Package nodns stands where Traefik has lego's DNS providers. It compiles in Traefik's module, not in a module of its own.
package nodns

import (
	"errors"

	"github.com/go-acme/lego/v4/challenge"
)

// NewDNSChallengeProviderByName refuses.
func NewDNSChallengeProviderByName(string) (challenge.Provider, error) {
	return nil, errors.New("this Traefik was built without DNS providers")
}
