package app

import (
	"context"
	"strings"
)

// Connection says how the server reaches Asterisk.
type Connection struct {
	ConfDir string `json:"conf_dir"`
	// Address is that of AMI; empty when there is no Asterisk to talk to.
	Address string `json:"address"`
	User    string `json:"user"`
	// OK says that a login was tried and went well, and Version is what
	// Asterisk says of itself.
	OK      bool   `json:"ok"`
	Version string `json:"version,omitempty"`
	// Problem is what is wrong, and the way out.
	Problem string `json:"problem,omitempty"`
}

// CheckConnection tries to log in to Asterisk and says how it went. Whatever
// Asterisk or the network does is no error.
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

// queryVersion logs in and asks who answers.
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
