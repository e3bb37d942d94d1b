package app

import (
	"context"
	"strings"
)

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
