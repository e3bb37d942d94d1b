package app

import (
	"context"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// Probe logs in to Asterisk as the account, from here, and says how it went:
// where the settings say that AMI listens unless opts names an address, and
// with the account that applies as the witness, where that can log in. opts
// may be nil. The errors are those of manager.Service.Probe and of
// [Settings.Address], and a [store.ConflictError] when there is no Asterisk to
// log in to.
func (s *App) Probe(ctx context.Context, name string, opts *manager.ProbeOptions) (*manager.ProbeResult, error) {
	// Whom there is not is not found, whatever there is to log in to.
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
	// Without a witness a refusal is only explained less.
	if securityEvents, err := s.Dial(ctx, "security"); err == nil && securityEvents != nil {
		defer func() { _ = securityEvents.Close() }()
		probe.SecurityEvents = securityEvents
	}
	return s.AMIAccounts.Probe(ctx, name, &probe)
}

// probeAddress returns where to log in: as given, or where AMI listens.
func (s *App) probeAddress(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	address, err := s.Settings.Address()
	if address == NoAsterisk {
		return "", &store.ConflictError{Reason: "there is no Asterisk to log in to: the settings say none; say where AMI listens"}
	}
	return address, err
}
