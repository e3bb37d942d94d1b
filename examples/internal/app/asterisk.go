package app

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
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

// Connection describes the connection to Asterisk.
type Connection struct {
	ConfDir string `json:"conf_dir"`
	// Address is the address of AMI, empty without Asterisk.
	Address string `json:"address"`
	User    string `json:"user"`
	// OK reports a successful login, and Version the version of Asterisk.
	OK      bool   `json:"ok"`
	Version string `json:"version,omitempty"`
	// Problem describes a failed login, with a hint.
	Problem string `json:"problem,omitempty"`
}

// CheckConnection tests the login to Asterisk. A failed login is a result, not an
// error.
func (s *App) CheckConnection(ctx context.Context) (*Connection, error) {
	c := &Connection{ConfDir: s.Settings.ConfDir, User: s.Settings.AMIUser}
	address, err := s.Settings.Address()
	if err == nil && address != NoAsterisk {
		c.Address = address
		err = s.queryVersion(ctx, c)
	}
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		c.Problem = strings.TrimSpace(err.Error() + ". " + Hint(err))
	}
	return c, nil
}

// queryVersion logs in and reads the version.
func (s *App) queryVersion(ctx context.Context, c *Connection) error {
	client, err := s.Dial(ctx, "")
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	version, err := client.Version(ctx)
	if err != nil {
		return err
	}
	c.OK, c.Version = true, version.String()
	return nil
}

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
