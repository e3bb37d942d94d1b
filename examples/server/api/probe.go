package api

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

type probeOutput struct{ Body manager.ProbeResult }

func (a *api) probeAMIAccount(ctx context.Context, input *AMIAccountPath) (*probeOutput, error) {
	result, err := a.app.Probe(ctx, input.Name, nil)
	if err != nil {
		return nil, probeError(err)
	}
	return &probeOutput{*result}, nil
}

// probeError words what kept the server from trying.
func probeError(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return err
	}
	return configurationError(err)
}
