package app

import (
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// NoAsterisk as the address of AMI means that there is none to talk to.
const NoAsterisk = "none"

// DefaultConfDir is where Asterisk's own packages put its configuration.
const DefaultConfDir = "/etc/asterisk"

// Settings are those that pbxctl and the server share. Each is a flag, a
// variable of the environment, and a key of pbxusers.ini.
type Settings struct {
	// DB names the database: "sqlite:" and the path of a file.
	DB string
	// KeyFile holds the keys that seal secrets; empty means pbxusers.key
	// beside the database.
	KeyFile string
	// ConfDir is the configuration folder of Asterisk.
	ConfDir string
	// AMI is the address of AMI, or [NoAsterisk]; empty means as
	// manager.conf says.
	AMI string
	// AMIUser is the AMI account that the configuration is applied with.
	AMIUser string
	// AMISecretFile holds its secret; empty means pbxusers_ami.secret beside
	// the database.
	AMISecretFile string
	// Asterisk is the command that runs the console of Asterisk.
	Asterisk string
	// TakeOver takes the configuration folder over from another database.
	TakeOver bool
	// BaseURL is where the pages are, see [ParseBaseURL]; links begin with it.
	// Empty means that it is not known.
	BaseURL string
	// Users are those of the people.
	Users UserSettings
	// SMTP and LDAP are those of the mail server and of the directory that
	// people come from.
	SMTP SMTPSettings
	LDAP LDAPSettings
}

// Register adds the flags, but for Adopt, whose command has it.
func (s *Settings) Register(flags *pflag.FlagSet) {
	flags.StringVar(&s.DB, "db", "sqlite:pbxusers.db", "`DATABASE` of the records, sqlite: and the path of a file")
	flags.StringVar(&s.KeyFile, "key-file", "", "`FILE` of the keys that seal secrets in the database (default: pbxusers.key beside the database)")
	flags.StringVar(&s.ConfDir, "conf-dir", DefaultConfDir, "configuration `FOLDER` of Asterisk")
	flags.StringVar(&s.AMI, "ami", "", "`ADDRESS` of AMI, or 'none' to write files without a running Asterisk (default: as manager.conf says)")
	flags.StringVar(&s.AMIUser, "ami-user", "pbxusers", "AMI `ACCOUNT` to apply the configuration with")
	flags.StringVar(&s.AMISecretFile, "ami-secret-file", "", "`FILE` of that account's secret (default: pbxusers_ami.secret beside the database)")
	flags.StringVar(&s.Asterisk, "asterisk", "asterisk", "`COMMAND` that runs the console of Asterisk, arguments included")
	flags.Var((*baseURLFlag)(&s.BaseURL), "base-url", "`URL` that links begin with, such as https://pbx.example.com (default of the server: http:// and the address to listen on)")
	s.Users.register(flags)
	s.SMTP.register(flags)
	s.LDAP.register(flags)
}

// dbPath returns the file of the SQLite database.
func (s *Settings) dbPath() (string, error) {
	path, ok := strings.CutPrefix(s.DB, "sqlite:")
	if !ok || path == "" {
		return "", store.NewInvalidError(store.FieldError{Field: "db", Code: "database", Message: "write sqlite: and the path of a file"})
	}
	return path, nil
}

// pathBesideDB returns a path in the folder of the database, unless given.
func (s *Settings) pathBesideDB(given, name string) (string, error) {
	if given != "" {
		return given, nil
	}
	path, err := s.dbPath()
	return filepath.Join(filepath.Dir(path), name), err
}

func (s *Settings) keyPath() (string, error) { return s.pathBesideDB(s.KeyFile, "pbxusers.key") }

// SecretPath returns the file of the secret of the account that applies.
func (s *Settings) SecretPath() (string, error) {
	return s.pathBesideDB(s.AMISecretFile, "pbxusers_ami.secret")
}

// Address returns where AMI listens: as told, or as manager.conf says. It may
// be [NoAsterisk].
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
