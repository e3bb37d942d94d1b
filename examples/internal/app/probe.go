package app

import (
	"context"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// Probe tests the login of an AMI account from this host. The address defaults to
// that of the settings. The account that applies, if it can log in, reads the
// security events that explain a failure. opts can be nil. It returns a
// [store.ConflictError] if the settings name no Asterisk.
func (s *App) Probe(ctx context.Context, name string, opts *manager.ProbeOptions) (*manager.ProbeResult, error) {
	// An unknown account is an error with any address.
	if _, err := s.AMIAccounts.Get(ctx, name); err != nil {
		return nil, err
	}
	probe := manager.ProbeOptions{}
	if opts != nil {
		probe = *opts
	}
	var err error
	if probe.Address, err = s.probeAddress(probe.Address); err != nil {
		return nil, err
	}
	// Without security events a failure is explained less precisely.
	if securityEvents, err := s.Dial(ctx, "security"); err == nil && securityEvents != nil {
		defer func() { _ = securityEvents.Close() }()
		probe.SecurityEvents = securityEvents
	}
	return s.AMIAccounts.Probe(ctx, name, &probe)
}

// probeAddress returns the given address, or that of the settings.
func (s *App) probeAddress(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	address, err := s.Settings.Address()
	if address == NoAsterisk {
		return "", &store.ConflictError{Reason: "there is no Asterisk to log in to: the address of AMI is none; give an address"}
	}
	return address, err
}
