package app

import (
	"cmp"
	"context"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// closeTimeout is how long [App.Close] waits for mails that are being sent.
const closeTimeout = 10 * time.Second

// openUsers creates the services of the users and of their API tokens.
func (s *App) openUsers(ctx context.Context) {
	configured := *s.userOptions()
	users := &configured
	users.Audit, users.TTLStore = s.AuditLog, s.DB.TTLStore()
	users.CreatorScope = func(ctx context.Context, c credential.Creator) (scope.Scope, error) {
		return s.Administrators.CreatorScope(ctx, c, "")
	}
	tokens := &apitoken.Options{Audit: s.AuditLog, Clock: users.Clock, Logger: s.log}
	users.Dependents = []userman.Dependents{apitoken.Dependents(s.DB.Tokens(""), tokens)}
	s.Users = userman.New(s.DB.Users(""), users)
	s.Tokens = apitoken.New(s.DB.Tokens(""), s.Users, tokens)
	s.drainMail = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		return s.Users.Shutdown(ctx)
	}
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

// Messages for a login to the pages with another kind of account.
const (
	amiAccountMessage = "This is an AMI account: it works for programs on the Asterisk Manager Interface (port 5038), " +
		"not on these pages. Log in as an administrator."
	userAccountMessage = "This is a user account: it works for the portal and services of the user, " +
		"not on these pages. Log in as an administrator."
)

// detectAccountType returns a message if the credentials are those of an AMI
// account or of a user, rather than of an administrator.
func (s *App) detectAccountType(ctx context.Context, username string, password store.Secret) (string, error) {
	isAMIAccount, err := s.AMIAccounts.VerifySecret(ctx, username, password)
	if err != nil {
		return "", err
	}
	if isAMIAccount {
		return amiAccountMessage, nil
	}
	isUser, err := s.Users.VerifyPassword(ctx, username, password)
	if err != nil || !isUser {
		return "", err
	}
	return userAccountMessage, nil
}

// MailStatus describes the mail configuration.
type MailStatus struct {
	// Configured reports that there is a mail server, a sender and a base URL.
	// Otherwise Missing says what is missing, with a hint.
	Configured bool   `json:"configured"`
	Missing    string `json:"missing"`
	Server     string `json:"server"`
	From       string `json:"from"`
	Security   string `json:"security"`
	BaseURL    string `json:"base_url"`
	// Languages are the languages of the mail templates.
	Languages []string `json:"languages"`
}

// MailStatus returns the mail configuration.
func (s *App) MailStatus() MailStatus {
	options := s.userOptions()
	m := MailStatus{Languages: options.Templates.Languages()}
	if options.BaseURL != nil {
		m.BaseURL = options.BaseURL.String()
	}
	if smtp := s.Current().SMTP; smtp.Address != "" {
		m.Server, m.From, m.Security = smtp.Address, smtp.From, string(cmp.Or(smtp.Security, smtpmailer.STARTTLS))
	}
	switch {
	case options.Mailer == nil:
		m.Missing = "No mail server is configured, so no emails are sent. Enter the mail server and the sender in the settings, or set --smtp and --smtp-from."
	case options.BaseURL == nil:
		m.Missing = "The public URL of the pages is unknown, so no links can be sent. Enter it in the settings, or set --base-url."
	default:
		m.Configured = true
	}
	return m
}
