package app

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/pbxusers/pbxusers/internal/neterror"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/asterisk"
)

// NoAsterisk as the address of AMI means that there is no Asterisk to connect to.
const NoAsterisk = asterisk.None

// Host returns the Asterisk of the settings without the records, which is enough to
// install the files.
func (s *Settings) Host() *asterisk.Host { return s.newHost(nil, nil, asterisk.Options{}) }

// Host returns the Asterisk of the settings.
func (s *App) Host() *asterisk.Host {
	return s.Current().newHost(s.AMIAccounts, s.DB.AMIAccounts(), asterisk.Options{DatabaseID: s.databaseID, Audit: s.AuditLog, Logger: s.log})
}

func (s *Settings) newHost(accounts *manager.Service, st manager.Store, opts asterisk.Options) *asterisk.Host {
	opts.ConfDir, opts.Address, opts.Account, opts.Console, opts.TakeOver = s.ConfDir, s.AMI, s.AMIUser, s.Asterisk, s.TakeOver
	opts.SecretFile, _ = s.SecretPath() // without a database there are no records to connect for
	return asterisk.New(accounts, st, &opts)
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
	// NotInstalled says that the login failed because a file is missing, as before
	// 'pbxctl config install'.
	NotInstalled bool `json:"-"`
}

// CheckConnection tests the login to Asterisk. A failed login is a result, not an
// error.
func (s *App) CheckConnection(ctx context.Context) (*Connection, error) {
	return checkConnection(ctx, s.Current(), s.Host())
}

// connectionProblem says why a connection failed.
func connectionProblem(err error) string {
	if unreachable, ok := errors.AsType[*ami.UnreachableError](err); ok {
		return unreachable.Address + " is unreachable: " + neterror.Explain(unreachable.Err).Error()
	}
	return err.Error()
}

func checkConnection(ctx context.Context, s *Settings, host *asterisk.Host) (*Connection, error) {
	c := &Connection{ConfDir: s.ConfDir, User: s.AMIUser}
	address, err := host.Address()
	if err == nil && address != NoAsterisk {
		c.Address = address
		c.Version, err = host.Version(ctx)
		c.OK = err == nil
	}
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		c.Problem, c.NotInstalled = strings.TrimSpace(connectionProblem(err)+". "+Hint(err)), errors.Is(err, fs.ErrNotExist)
	}
	return c, nil
}
