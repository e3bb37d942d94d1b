package asterisk

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// None as the address of AMI means that there is no Asterisk to connect to: an apply
// writes the files, and nothing is reloaded.
const None = "none"

// Defaults of [Options].
const (
	// DefaultConfDir is the configuration folder of Asterisk packages.
	DefaultConfDir = "/etc/asterisk"
	// DefaultAccount is the name of the AMI account that applies.
	DefaultAccount = "pbxusers"
	// DefaultConsole is the command of the Asterisk console.
	DefaultConsole = "asterisk"
)

// Options are the options of [New].
type Options struct {
	// ConfDir is the configuration folder. Default [DefaultConfDir].
	ConfDir string
	// Address is the host and port of AMI, or [None]. Default the address of
	// manager.conf, read at each use.
	Address string
	// Account is the AMI account that applies. Default [DefaultAccount].
	Account string
	// SecretFile is the file with the secret of Account. [Host.InitialApply] writes
	// it with mode 0600. Required unless Address is [None].
	SecretFile string
	// Console is the command that runs the Asterisk console on this host, with its
	// arguments. It is used when the account that applies cannot log in, as before the
	// first apply. Default [DefaultConsole].
	Console string
	// DatabaseID and TakeOver are those of [asteriskconf.Options].
	DatabaseID string
	TakeOver   bool
	// Audit records installations and applies. Default none.
	Audit *audit.Log
	// Logger is that of the connections and applies. Default none.
	Logger *slog.Logger
}

// Host is an Asterisk and its configuration folder. It is safe for concurrent use.
type Host struct {
	accounts *manager.Service
	store    manager.Store
	opts     Options // with the defaults filled in
}

// New returns a host. accounts are the AMI accounts, and st is their store.
// [Host.PlanInstall], [Host.InstallFiles] and [Host.Address] work with nil for both. nil
// options mean the defaults. New opens no file and no connection.
func New(accounts *manager.Service, st manager.Store, opts *Options) *Host {
	if opts == nil {
		opts = &Options{}
	}
	filled := *opts
	filled.ConfDir = cmp.Or(filled.ConfDir, DefaultConfDir)
	filled.Account = cmp.Or(filled.Account, DefaultAccount)
	filled.Console = cmp.Or(filled.Console, DefaultConsole)
	return &Host{accounts: accounts, store: st, opts: filled}
}

// Address returns the address of AMI: that of the options, or else that of
// manager.conf. It may be [None].
func (h *Host) Address() (string, error) {
	if h.opts.Address != "" {
		return h.opts.Address, nil
	}
	tree, err := dialect.ParseFile(h.opts.ConfDir, "manager.conf", nil)
	if err != nil {
		return "", err
	}
	return manager.ListenAddress(tree), nil
}

// ClientAddress returns where another program finds AMI: the host and port of
// [Host.Address], with local in the place of this host. local is a name or an address of
// this host; without one it is 127.0.0.1. The default is port 5038 of local, also if the
// address is [None] or cannot be read.
func (h *Host) ClientAddress(local string) (host, port string) {
	address, err := h.Address()
	if err != nil || address == None {
		address = manager.DefaultAddress
	}
	if host, port, err = net.SplitHostPort(address); err != nil {
		host, port, _ = net.SplitHostPort(manager.DefaultAddress)
	}
	if host == "" || host == "localhost" || net.ParseIP(host).IsLoopback() {
		host = cmp.Or(local, "127.0.0.1")
	}
	return host, port
}

// Dial logs in as the account that applies. It returns nil if the address is [None],
// and a [SecretFileError] if the secret cannot be read. events are those of
// [ami.Options]. The client does not reconnect. The caller must close it.
func (h *Host) Dial(ctx context.Context, events string) (*ami.Client, error) {
	address, err := h.Address()
	if err != nil || address == None {
		return nil, err
	}
	secret, err := h.readSecret()
	if err != nil {
		return nil, err
	}
	return ami.Dial(ctx, address, &ami.Options{
		Username: h.opts.Account, Secret: secret, Events: events, NoReconnect: true, Logger: h.opts.Logger,
	})
}

// ConfigDir opens the configuration folder with the AMI accounts. An apply goes through
// client, which is nil without Asterisk. progress, which can be nil, receives the steps
// of an apply.
func (h *Host) ConfigDir(client *ami.Client, progress func(asteriskconf.Progress)) (*asteriskconf.ConfigDir, error) {
	source := &manager.ConfSourceOptions{}
	opts := &asteriskconf.Options{
		DatabaseID: h.opts.DatabaseID, TakeOver: h.opts.TakeOver, Progress: progress, Audit: h.opts.Audit, Logger: h.opts.Logger,
	}
	if client == nil {
		opts.Command = h.Command
	} else {
		address, err := h.Address()
		if err != nil {
			return nil, err
		}
		opts.Asterisk = client
		source.Address, source.ApplyAccount = address, h.opts.Account
	}
	return asteriskconf.Open(h.opts.ConfDir, []asteriskconf.Source{manager.NewConfSource(h.store, source)}, opts)
}

// commandTimeout is the timeout of [Host.Command].
const commandTimeout = 5 * time.Second

// Command asks the running Asterisk: it runs a console command, such as "manager show
// users", over AMI, or by the Asterisk console on this host if the account that applies
// cannot log in, as before an installation. It returns the lines of the output. It gives
// up after 5 seconds. It returns a [store.ConflictError] if the address is [None].
func (h *Host) Command(ctx context.Context, command string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	client, err := h.Dial(ctx, "")
	switch {
	case err != nil:
		output, consoleErr := h.runConsoleCommand(ctx, command)
		if consoleErr != nil {
			return nil, errors.Join(err, consoleErr)
		}
		return strings.Split(output, "\n"), nil
	case client == nil:
		return nil, &store.ConflictError{Reason: "there is no Asterisk to ask: the address of AMI is none"}
	}
	defer func() { _ = client.Close() }()
	return client.Command(ctx, command)
}

// Lint returns the warnings about an account, also about a named ACL that the
// configuration folder does not have.
func (h *Host) Lint(a *manager.Account) []manager.Warning {
	if a.NamedACL == "" {
		return a.Lint()
	}
	return a.Lint(manager.NamedACLs(h.opts.ConfDir)...)
}

// Version logs in as the account that applies, and returns the version of Asterisk. It
// is empty if the address is [None].
func (h *Host) Version(ctx context.Context) (string, error) {
	client, err := h.Dial(ctx, "")
	if err != nil || client == nil {
		return "", err
	}
	defer func() { _ = client.Close() }()
	version, err := client.Version(ctx)
	if err != nil {
		return "", err
	}
	return version.String(), nil
}

// Probe tests the login of an AMI account from this host, as [manager.Service.Probe]
// does. The address defaults to that of the host. The account that applies, if it can
// log in, reads the security events that explain a failure. opts can be nil. Probe
// returns a [store.ConflictError] if the address is [None].
func (h *Host) Probe(ctx context.Context, name string, opts *manager.ProbeOptions) (*manager.ProbeResult, error) {
	// An unknown account is an error with any address.
	if _, err := h.accounts.Get(ctx, name); err != nil {
		return nil, err
	}
	probe := manager.ProbeOptions{}
	if opts != nil {
		probe = *opts
	}
	var err error
	if probe.Address, err = h.probeAddress(probe.Address); err != nil {
		return nil, err
	}
	// Without security events a failure is explained less precisely.
	if securityEvents, err := h.Dial(ctx, "security"); err == nil && securityEvents != nil {
		defer func() { _ = securityEvents.Close() }()
		probe.SecurityEvents = securityEvents
	}
	return h.accounts.Probe(ctx, name, &probe)
}

// probeAddress returns the given address, or that of the host.
func (h *Host) probeAddress(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	address, err := h.Address()
	if address == None {
		return "", &store.ConflictError{Reason: "there is no Asterisk to log in to: the address of AMI is none; give an address"}
	}
	return address, err
}

// AuditEvent describes an action on the configuration folder, such as "apply", for the
// audit log. It is for failures before the folder is open: asteriskconf records its own
// actions.
func (h *Host) AuditEvent(action string) audit.Event {
	return audit.Event{Action: action, Kind: "configuration", Key: filepath.Base(h.opts.ConfDir)}
}
