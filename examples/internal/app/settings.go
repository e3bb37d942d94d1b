package app

import (
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// NoAsterisk as the address of AMI means that there is no Asterisk to connect to.
const NoAsterisk = "none"

// DefaultConfDir is the configuration folder of Asterisk packages.
const DefaultConfDir = "/etc/asterisk"

// Settings are the settings that the programs share. Each is a flag, an
// environment variable and a key of pbxusers.ini.
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
	flags.StringVar(&s.DB, "db", "sqlite:pbxusers.db", "`DATABASE` of the records: sqlite: and the path of a file")
	flags.StringVar(&s.KeyFile, "key-file", "", "`FILE` with the keys that encrypt secrets in the database (default: pbxusers.key next to the database)")
	flags.StringVar(&s.ConfDir, "conf-dir", DefaultConfDir, "configuration `FOLDER` of Asterisk")
	flags.StringVar(&s.AMI, "ami", "", "`ADDRESS` of AMI, or 'none' to write files without a running Asterisk (default: from manager.conf)")
	flags.StringVar(&s.AMIUser, "ami-user", "pbxusers", "AMI `ACCOUNT` that applies the configuration")
	flags.StringVar(&s.AMISecretFile, "ami-secret-file", "", "`FILE` with the secret of that account (default: pbxusers_ami.secret next to the database)")
	flags.StringVar(&s.Asterisk, "asterisk", "asterisk", "`COMMAND` that runs the Asterisk console, with its arguments")
	flags.Var((*baseURLFlag)(&s.BaseURL), "base-url", "public `URL` that links begin with, such as https://pbx.example.com (default of the server: http:// and the listen address)")
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

func (s *Settings) keyPath() (string, error) { return s.pathBesideDB(s.KeyFile, "pbxusers.key") }

// SecretPath returns the file with the secret of the account that applies.
func (s *Settings) SecretPath() (string, error) {
	return s.pathBesideDB(s.AMISecretFile, "pbxusers_ami.secret")
}

// Address returns the address of AMI from the settings, or else from
// manager.conf. It may be [NoAsterisk].
func (s *Settings) Address() (string, error) {
	if s.AMI != "" {
		return s.AMI, nil
	}
	tree, err := dialect.ParseFile(s.ConfDir, "manager.conf", nil)
	if err != nil {
		return "", err
	}
	return manager.ListenAddress(tree), nil
}
