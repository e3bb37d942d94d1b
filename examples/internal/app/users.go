package app

import (
	"context"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailConfig is how mails are sent.
type mailConfig struct {
	mailer    userman.Mailer
	templates *usermail.Templates
	base      *url.URL
	product   string
}

// closeTimeout bounds how long [App.Close] waits for mails on their way.
const closeTimeout = 10 * time.Second

// openUsers puts the service of the people on the database.
func (s *App) openUsers(ctx context.Context, opts *Options) error {
	users, err := s.Settings.userOptions(s.log)
	if err != nil {
		return err
	}
	users.Audit = s.AuditLog
	if opts.Users != nil {
		opts.Users(users)
	}
	s.mail = mailConfig{mailer: users.Mailer, templates: users.Templates, base: users.BaseURL, product: users.Product}
	s.Users = userman.New(s.DB.Users(""), users)
	s.drainMail = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return s.Users.Shutdown(ctx)
	}
	return nil
}

// UsersFor returns the people that an administrator reaches: all for one who
// is not narrowed, and otherwise those whose extensions are within the
// administrator's own, see [userman.Service.Scoped]. Somebody narrowed to other
// teams than the default one reaches nobody.
func (s *App) UsersFor(a *ampusers.Administrator) *userman.Service {
	switch {
	case !a.CanTeam(""):
		return s.Users.Scoped(func(string) bool { return false })
	case a.Access == ampusers.Full || a.Extensions.IsUnrestricted():
		return s.Users
	}
	return s.Users.Scoped(a.Clone().CanExtension)
}
