package app

import (
	"context"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/usermail"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/userman"
)

// mailConfig is the mail configuration.
type mailConfig struct {
	mailer    userman.Mailer
	templates *usermail.Templates
	base      *url.URL
	product   string
}

// closeTimeout is how long [App.Close] waits for mails that are being sent.
const closeTimeout = 10 * time.Second

// openUsers creates the services of the users and of their API tokens.
func (s *App) openUsers(ctx context.Context, opts *Options) error {
	users, err := s.Settings.userOptions(s.log)
	if err != nil {
		return err
	}
	users.Audit, users.TTLStore = s.AuditLog, s.DB.TTLStore()
	if opts.Users != nil {
		opts.Users(users)
	}
	s.mail = mailConfig{mailer: users.Mailer, templates: users.Templates, base: users.BaseURL, product: users.Product}
	tokens := &apitoken.Options{Audit: s.AuditLog, Clock: users.Clock, Logger: s.log}
	users.Dependents = []userman.Dependents{apitoken.Dependents(s.DB.Tokens(""), tokens)}
	s.Users = userman.New(s.DB.Users(""), users)
	s.Tokens = apitoken.New(s.DB.Tokens(""), s.Users, tokens)
	s.drainMail = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return s.Users.Shutdown(ctx)
	}
	return nil
}

// UsersFor returns the users in the scope of an administrator, see
// [userman.Service.Scoped]. Each operation reads the administrator's record
// again.
func (s *App) UsersFor(a *ampusers.Administrator) *userman.Service {
	return s.Users.Scoped(s.scopeOf(a))
}

// TokensFor returns the API tokens of the users in the scope of an administrator.
func (s *App) TokensFor(a *ampusers.Administrator) *apitoken.Service {
	return s.Tokens.Scoped(s.scopeOf(a))
}

func (s *App) scopeOf(a *ampusers.Administrator) userman.ScopeLoader {
	username := a.Username
	return func(ctx context.Context) (scope.Scope, error) { return s.Administrators.Scope(ctx, username, "") }
}
