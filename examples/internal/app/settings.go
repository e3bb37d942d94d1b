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

	"github.com/spf13/pflag"
	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// DefaultLDAPName is the default name of the directory.
const DefaultLDAPName = "ldap"

// Settings are the settings that the programs share. Each is a flag, an
// environment variable and a key of pbxusers.ini. The zero value has the defaults of
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
	Users   UserSettings
	SMTP    SMTPSettings
	LDAP    LDAPSettings
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
	// server in PEM. These default to those of the host.
	PasswordFile, CAFile string
}

// LDAPSettings are the options of the directory that users come from that are
// settings. Without URLs there is no directory. Name defaults to [DefaultLDAPName].
type LDAPSettings struct {
	ldapdir.Options

	// PasswordFile holds the password of BindDN, and CAFile the CA certificates of
	// the servers in PEM. These default to those of the host.
	PasswordFile, CAFile string
	// AttributeMap changes Attributes, which default to the attributes of the Kind. A field
	// without an attribute is left out.
	AttributeMap map[string]string
	// Sync are the options of [userman.Service.Sync].
	Sync userman.SyncOptions
}

// FlagGroup is a group of settings under one heading.
type FlagGroup struct {
	Title string
	Flags *pflag.FlagSet
}

// FlagGroups returns the settings as flags that set s. TakeOver is not among
// them: it is a flag of the commands that use it.
func (s *Settings) FlagGroups() []FlagGroup {
	group := func(title string, register func(*pflag.FlagSet)) FlagGroup {
		flags := pflag.NewFlagSet(title, pflag.ContinueOnError)
		register(flags)
		return FlagGroup{title, flags}
	}
	return []FlagGroup{
		group("Database and Asterisk", s.register), group("Users", s.Users.register), group("Mail", s.SMTP.register), group("LDAP directory", s.LDAP.register),
	}
}

// Register adds the flags of all groups.
func (s *Settings) Register(flags *pflag.FlagSet) {
	for _, group := range s.FlagGroups() {
		flags.AddFlagSet(group.Flags)
	}
}

func (s *Settings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.DB, "db", "sqlite:pbxusers.db", "`DATABASE` of the records, as sqlite:FILE")
	flags.StringVar(&s.KeyFile, "key-file", "", "`FILE` with the keys that encrypt secrets in the database (default: pbxusers.key next to the database)")
	flags.StringVar(&s.ConfDir, "conf-dir", asterisk.DefaultConfDir, "configuration `FOLDER` of Asterisk")
	flags.StringVar(&s.AMI, "ami", "", "`ADDRESS` of AMI, or 'none' to write files without a running Asterisk (default: from manager.conf)")
	flags.StringVar(&s.AMIUser, "ami-user", asterisk.DefaultAccount, "AMI `ACCOUNT` that applies the configuration")
	flags.StringVar(&s.AMISecretFile, "ami-secret-file", "", "`FILE` with the secret of the account of --ami-user (default: pbxusers_ami.secret next to the database)")
	flags.StringVar(&s.Asterisk, "asterisk", asterisk.DefaultConsole, "`COMMAND` that runs the Asterisk console, with its arguments")
	addFlag(flags, &s.BaseURL, "", "base-url", "public `URL` that links begin with, such as https://pbx.example.com (default of the server: http:// and the listen address)", "URL", parseOrigin)
}

func (s *UserSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Product, "product", "pbxusers", "`NAME` of the product in mails and authenticator apps")
	flags.StringVar(&s.Language, "language", "en", "`LANGUAGE` of mails to users without a language, such as en or zh-Hans")
	flags.StringVar(&s.MailTemplates, "mail-templates", "", "`FOLDER` with mail templates such as LANGUAGE/welcome.txt (default: built-in)")
	flags.BoolVar(&s.LoginByEmail, "login-by-email", false, "let users also log in with their primary email address")
	flags.BoolVar(&s.LoginByExtension, "login-by-extension", false, "let users also log in with their default extension")
	addFlag(flags, &s.PasswordLifetime, "0", "password-lifetime", "`DAYS` after which users must change their password; 0 for never", "days", parseDays)
}

func (s *SMTPSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Address, "smtp", "", "mail server as `HOST:PORT`; without it no mails are sent")
	flags.StringVar(&s.From, "smtp-from", "", "`SENDER` of mails, such as pbx@example.com or 'ACME Telephony <pbx@example.com>'")
	flags.StringVar(&s.Username, "smtp-user", "", "username `NAME` for the mail server (default: no login)")
	flags.StringVar(&s.PasswordFile, "smtp-password-file", "", "`FILE` with the password of --smtp-user; only its owner should be able to read it")
	flags.StringVar(&s.LocalName, "smtp-local-name", "", "fully qualified `NAME` of this host in the greeting to the mail server (default: the host of --base-url, or the domain of --smtp-from)")
	flags.StringVar((*string)(&s.Security), "smtp-security", string(smtpmailer.STARTTLS), "`SECURITY` of the connection: starttls, tls, none (no TLS) for a mail server on this host, or unprotected (no TLS) for another host; the network can then read the links in mails")
	flags.StringVar(&s.CAFile, "smtp-ca-file", "", "`FILE` with the CA certificates of the mail server in PEM (default: the certificates of the host)")
}

func (s *LDAPSettings) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.URLs, "ldap-url", nil, "`URL` of the LDAP server that users come from, such as ldaps://dc1.example.com; repeat the flag for fallback servers")
	flags.StringVar(&s.Name, "ldap-name", DefaultLDAPName, "`NAME` of the directory in the records of its users; it must not change")
	flags.StringVar((*string)(&s.Kind), "ldap-kind", string(ldapdir.OpenLDAP), "`KIND` of the directory: openldap, active-directory, freeipa or authentik")
	flags.BoolVar(&s.StartTLS, "ldap-start-tls", false, "use StartTLS on ldap:// connections")
	flags.StringVar(&s.CAFile, "ldap-ca-file", "", "`FILE` with the CA certificates of the LDAP servers in PEM (default: the certificates of the host)")
	flags.StringVar(&s.BindDN, "ldap-bind-dn", "", "`DN` of the account that reads the directory (default: anonymous)")
	flags.StringVar(&s.PasswordFile, "ldap-password-file", "", "`FILE` with the password of --ldap-bind-dn; only its owner should be able to read it")
	flags.StringVar(&s.BaseDN, "ldap-base-dn", "", "base `DN` of users, such as ou=people,dc=example,dc=com")
	flags.StringVar(&s.Filter, "ldap-filter", "", "`FILTER` that selects users (default: depends on --ldap-kind)")
	flags.StringVar(&s.ExternalID, "ldap-external-id", "", "`ATTRIBUTE` that identifies an entry and never changes (default: depends on --ldap-kind)")
	flags.StringToStringVar(&s.AttributeMap, "ldap-attributes", nil, "`FIELD=ATTRIBUTE` pairs that change the attributes of --ldap-kind, such as default_extension=ipPhone; without an attribute, the directory does not manage the field")
	flags.StringVar(&s.GroupFilter, "ldap-group-filter", "", "`FILTER` that selects groups (default: depends on --ldap-kind)")
	flags.BoolVar(&s.NestedGroups, "ldap-nested-groups", false, "also add the members of groups to the groups that contain these groups")
	flags.StringVar(&s.GroupBaseDN, "ldap-group-base-dn", "", "base `DN` of groups (default: no groups are read)")
	addFlag(flags, &s.Sync.MaxRemovalRatio, "0.1", "ldap-max-removals", "maximum `RATIO` of the directory's users that one sync disables or deletes, and of the memberships that it removes", "ratio", parseRatio)
	addFlag(flags, &s.Sync.Adopt, "never", "ldap-adopt", "`POLICY` for a new entry with the username of a user who has left: never (report it), successor (link the user to the entry, without the credentials of the predecessor) or same-user (link it with its second factor and API tokens)", "policy", parseAdoptPolicy)
	addFlag(flags, &s.Sync.DeleteAfter, "30", "ldap-delete-after", "`DAYS` after which a sync deletes a user who is missing from the directory; the first sync disables the user; 0 for never", "days", parseDeleteAfter)
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
	if opts.Password, opts.TLSConfig, err = readCredentialFiles("smtp", s.PasswordFile, s.CAFile, log); err != nil {
		return nil, err
	}
	if publicURL != nil && opts.LocalName == "" && strings.Contains(publicURL.Hostname(), ".") && net.ParseIP(publicURL.Hostname()) == nil {
		opts.LocalName = publicURL.Hostname()
	}
	mailer, err := smtpmailer.New(opts)
	return mailer, withFlagNames("smtp", err, map[string]string{"address": "smtp", "username": "smtp-user", "password": "smtp-password-file"})
}

// directories returns the directory, or none without a URL.
func (s *LDAPSettings) directories(log *slog.Logger) ([]userman.Directory, error) {
	opts := s.directoryOptions()
	if len(opts.URLs) == 0 {
		return nil, nil
	}
	if s.Sync.MaxRemovalRatio != 0 && !isRatio(s.Sync.MaxRemovalRatio) {
		return nil, store.NewInvalidError(store.FieldError{Field: "ldap-max-removals", Code: store.CodeRange, Message: ratioMessage})
	}
	var err error
	if opts.BindPassword, opts.TLSConfig, err = readCredentialFiles("ldap", s.PasswordFile, s.CAFile, log); err != nil {
		return nil, err
	}
	directory, err := ldapdir.New(opts)
	return []userman.Directory{directory}, withFlagNames("ldap", err, map[string]string{"urls": "ldap-url", "bind_password": "ldap-password-file"})
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
