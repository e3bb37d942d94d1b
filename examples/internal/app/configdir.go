package app

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// Dial logs in to Asterisk as the account that applies. It returns nil if the
// settings name no Asterisk. events are those of [ami.Options]. The client does
// not reconnect. The caller must close it.
func (s *App) Dial(ctx context.Context, events string) (*ami.Client, error) {
	address, err := s.Settings.Address()
	if err != nil || address == NoAsterisk {
		return nil, err
	}
	secret, err := s.Settings.readAMISecret()
	if err != nil {
		return nil, err
	}
	return ami.Dial(ctx, address, &ami.Options{
		Username: s.Settings.AMIUser, Secret: secret, Events: events, NoReconnect: true, Logger: s.log,
	})
}

// ConfigDir opens the configuration folder. An apply goes through client, which is
// nil without Asterisk. progress, which can be nil, receives the steps of an
// apply.
func (s *App) ConfigDir(client *ami.Client, progress func(asteriskconf.Progress)) (*asteriskconf.ConfigDir, error) {
	source := &manager.ConfSourceOptions{}
	opts := &asteriskconf.Options{
		DatabaseID: s.databaseID, TakeOver: s.Settings.TakeOver, Progress: progress, Audit: s.AuditLog, Logger: s.log,
	}
	if client != nil {
		address, err := s.Settings.Address()
		if err != nil {
			return nil, err
		}
		opts.Asterisk = client
		source.Address, source.ApplyAccount = address, s.Settings.AMIUser
	}
	return s.Settings.openConfigDir(manager.NewConfSource(s.DB.AMIAccounts(), source), opts)
}

// openConfigDir opens the configuration folder.
func (s *Settings) openConfigDir(source asteriskconf.Source, opts *asteriskconf.Options) (*asteriskconf.ConfigDir, error) {
	return asteriskconf.Open(s.ConfDir, []asteriskconf.Source{source}, opts)
}
