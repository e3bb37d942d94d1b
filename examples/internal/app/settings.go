package app

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// DefaultLDAPName is the default name of the directory.
const DefaultLDAPName = "ldap"

// Settings are the settings that the programs share. Each is a flag, an
// environment variable and a key of pbxusers.ini, and most can be saved in the database;
// see [Definition]. The zero value has the defaults of
// the users, the mails and the directory.
type Settings struct {
	// DB is the database: "sqlite:" and the path of a file.
	DB string
	// KeyFile holds the keys that encrypt secrets. Defaults to pbxusers.key next
	// to the database.
	KeyFile string
	// ConfDir is the configuration folder of Asterisk.
	ConfDir string
	// AMI is the address of AMI, or [NoAsterisk]. Defaults to that of
	// manager.conf.
	AMI string
	// AMIUser is the AMI account that applies the configuration.
	AMIUser string
	// AMISecretFile holds its secret. Defaults to pbxusers_ami.secret next to
	// the database.
	AMISecretFile string
	// Asterisk is the command that runs the Asterisk console.
	Asterisk string
	// TakeOver takes over the configuration folder from another database.
	TakeOver bool
	// BaseURL is the public URL of the pages, see [ParseBaseURL]. Links begin
	// with it. Empty means unknown.
	BaseURL string
	// PendingURL is a public URL that is not yet confirmed, see [App.ConfirmPublicURL].
	PendingURL string
	Users      UserSettings
	SMTP       SMTPSettings
	LDAP       LDAPSettings
	// SessionLifetime and SessionIdle limit the sessions of administrators. They
	// default to the limits of package websession.
	SessionLifetime, SessionIdle time.Duration

	// sources are what sets each setting before the database, by its name.
	sources map[string]Source
}

// UserSettings are the options of the users that are settings.
type UserSettings struct {
	userman.Options

	// MailTemplates is a folder of templates that replace the built-in ones, see
	// [usermail.ParseTemplates]. Defaults to the built-in templates.
	MailTemplates string
}

// SMTPSettings are the options of the mail server that are settings. Without an
// Address no mails are sent.
type SMTPSettings struct {
	smtpmailer.Options

	// PasswordFile holds the password, and CAFile the CA certificates of the
	// server in PEM. The default is the certificates of the host. CA has them itself.
	PasswordFile, CAFile, CA string
}

// LDAPSettings are the options of the directory that users come from that are
// settings. Without URLs there is no directory. Name defaults to [DefaultLDAPName].
type LDAPSettings struct {
	ldapdir.Options

	// PasswordFile holds the password of BindDN, and CAFile the CA certificates of
	// the servers in PEM. The default is the certificates of the host. CA has them itself.
	PasswordFile, CAFile, CA string
	// AttributeMap changes Attributes, which default to the attributes of the Kind. A field
	// without an attribute is left out.
	AttributeMap map[string]string
	// Sync are the options of [userman.Service.Sync].
	Sync userman.SyncOptions
	// SyncInterval is the time between scheduled syncs; 0 for none.
	SyncInterval time.Duration
}

// Check returns an error if settings are invalid or their files cannot be read. The
// error has the names of the flags. Check makes no connections.
func (s *Settings) Check() error {
	_, err := s.userOptions(slog.New(slog.DiscardHandler))
	return err
}

// userOptions returns the options of the users. It does not connect.
func (s *Settings) userOptions(log *slog.Logger) (*userman.Options, error) {
	opts := s.Users.Options
	opts.Logger = log
	var errs [5]error
	if s.BaseURL != "" {
		opts.BaseURL, errs[0] = ParseBaseURL(s.BaseURL)
	}
	errs[1] = s.Users.check()
	opts.Templates, errs[2] = s.Users.templates()
	opts.Mailer, errs[3] = s.SMTP.mailer(opts.BaseURL, log)
	opts.Directories, errs[4] = s.LDAP.directories(log)
	return &opts, joinFieldErrors(errs[:]...)
}

// check rejects invalid settings.
func (s *UserSettings) check() error {
	var errs []store.FieldError
	if _, err := language.Parse(s.Language); s.Language != "" && err != nil {
		errs = append(errs, store.FieldError{Field: "language", Code: store.CodeLanguage, Message: "write a language such as en or zh-Hans"})
	}
	if s.PasswordLifetime < 0 {
		errs = append(errs, store.FieldError{Field: "password-lifetime", Code: store.CodeMin, Message: "write a number of days, or 0"})
	}
	return store.NewInvalidError(errs...)
}

// templates reads the mail templates.
func (s *UserSettings) templates() (*usermail.Templates, error) {
	if s.MailTemplates == "" {
		return usermail.DefaultTemplates(), nil
	}
	info, err := os.Stat(s.MailTemplates)
	if err == nil && !info.IsDir() {
		err = errors.New("not a folder")
	}
	var templates *usermail.Templates
	if err == nil {
		templates, err = usermail.ParseTemplates(os.DirFS(s.MailTemplates))
	}
	if err != nil {
		return nil, WithHint(fmt.Errorf("--mail-templates: %w", err), "Correct the templates in the folder of --mail-templates, or leave the setting out.")
	}
	return templates, nil
}

// mailer returns the mailer, or nil without a server. The host of the public URL, which
// can be nil, is the name of this host.
func (s *SMTPSettings) mailer(publicURL *url.URL, log *slog.Logger) (userman.Mailer, error) {
	if s.Address == "" {
		return nil, nil
	}
	opts := s.Options
	var err error
	files := credentialFiles{prefix: "smtp", password: s.PasswordFile, ca: s.CAFile, savedPassword: s.Password, savedCA: s.CA}
	if opts.Password, opts.TLSConfig, err = files.read(log); err != nil {
		return nil, err
	}
	if publicURL != nil && opts.LocalName == "" && strings.Contains(publicURL.Hostname(), ".") && net.ParseIP(publicURL.Hostname()) == nil {
		opts.LocalName = publicURL.Hostname()
	}
	mailer, err := smtpmailer.New(opts)
	return mailer, withFlagNames("smtp", err, map[string]string{"address": "smtp", "username": "smtp-user", "password": "smtp-password-file"})
}

// directories returns the directory, or none without a URL.
func (s *LDAPSettings) directories(log *slog.Logger) (userman.Directories, error) {
	opts := s.directoryOptions()
	if len(opts.URLs) == 0 {
		return nil, nil
	}
	if s.Sync.MaxRemovalRatio != 0 && !isRatio(s.Sync.MaxRemovalRatio) {
		return nil, store.NewInvalidError(store.FieldError{Field: "ldap-max-removals", Code: store.CodeRange, Message: ratioMessage})
	}
	var err error
	files := credentialFiles{prefix: "ldap", password: s.PasswordFile, ca: s.CAFile, savedPassword: s.BindPassword, savedCA: s.CA}
	if opts.BindPassword, opts.TLSConfig, err = files.read(log); err != nil {
		return nil, err
	}
	directory, err := ldapdir.New(opts)
	return userman.Directories{directory}, withFlagNames("ldap", err, map[string]string{"urls": "ldap-url", "bind_password": "ldap-password-file"})
}

// directoryOptions returns the options without the password. A URL contains no
// space.
func (s *LDAPSettings) directoryOptions() ldapdir.Options {
	opts := s.Options
	opts.URLs = strings.Fields(strings.Join(s.URLs, " "))
	opts.Name = cmp.Or(s.Name, DefaultLDAPName)
	if preset, ok := cmp.Or(s.Kind, ldapdir.OpenLDAP).Preset(); ok && opts.Attributes == nil {
		opts.Attributes = preset.Attributes
		for field, attribute := range s.AttributeMap {
			if field = strings.TrimSpace(field); attribute == "" {
				delete(opts.Attributes, field)
			} else {
				opts.Attributes[field] = strings.TrimSpace(attribute)
			}
		}
	}
	return opts
}

// joinFieldErrors returns one error with all field errors, or the first error of
// another kind.
func joinFieldErrors(errs ...error) error {
	var fields []store.FieldError
	for _, err := range errs {
		invalid, other := store.FieldErrors(err)
		if other != nil {
			return other
		}
		fields = append(fields, invalid...)
	}
	return store.NewInvalidError(fields...)
}

// fieldName matches the name of a field, without an index.
var fieldName = regexp.MustCompile(`^[a-z_]+`)

// withFlagNames replaces the names of options in err with those of flags: the
// prefix and the name, unless flags has another one.
func withFlagNames(prefix string, err error, flags map[string]string) error {
	invalid, other := store.FieldErrors(err)
	if other != nil {
		return other
	}
	fields := slices.Clone(invalid)
	for i, field := range fields {
		name := fieldName.FindString(field.Field)
		flag := cmp.Or(flags[name], prefix+"-"+strings.ReplaceAll(name, "_", "-"))
		fields[i].Field = flag + strings.TrimPrefix(field.Field, name)
	}
	return store.NewInvalidError(fields...)
}

// dbPath returns the file of the SQLite database.
func (s *Settings) dbPath() (string, error) {
	path, ok := strings.CutPrefix(s.DB, "sqlite:")
	if !ok || path == "" {
		return "", store.NewInvalidError(store.FieldError{Field: "db", Code: store.CodeDatabase, Message: "write sqlite: and the path of a file"})
	}
	return path, nil
}

// pathBesideDB returns a path in the folder of the database, unless one is given.
func (s *Settings) pathBesideDB(given, name string) (string, error) {
	if given != "" {
		return given, nil
	}
	path, err := s.dbPath()
	return filepath.Join(filepath.Dir(path), name), err
}

// SecretPath returns the file with the secret of the account that applies.
func (s *Settings) SecretPath() (string, error) {
	return s.pathBesideDB(s.AMISecretFile, "pbxusers_ami.secret")
}
