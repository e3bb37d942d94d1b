package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// settings are the global flags. Each can be set in the environment.
type settings struct {
	db         string
	keyFile    string
	confDir    string
	ami        string
	amiUser    string
	secretFile string
	asterisk   string
	json       bool
}

const (
	defaultConfDir = "/etc/asterisk"
	// noAsterisk as the address means that there is none to talk to.
	noAsterisk = "none"
)

func (s *settings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.db, "db", "sqlite:pbxusers.db", "`DATABASE` of the records, sqlite: and the path of a file")
	flags.StringVar(&s.keyFile, "key-file", "", "`FILE` of the keys that seal secrets in the database (default: pbxusers.key beside the database)")
	flags.StringVar(&s.confDir, "conf-dir", defaultConfDir, "configuration `FOLDER` of Asterisk")
	flags.StringVar(&s.ami, "ami", "", "`ADDRESS` of AMI, or 'none' to write files without a running Asterisk (default: as manager.conf says)")
	flags.StringVar(&s.amiUser, "ami-user", "pbxusers", "AMI `ACCOUNT` to apply the configuration with")
	flags.StringVar(&s.secretFile, "ami-secret-file", "", "`FILE` of that account's secret (default: pbxusers_ami.secret beside the database)")
	flags.StringVar(&s.asterisk, "asterisk", "asterisk", "`COMMAND` that runs the console of Asterisk, arguments included")
	flags.BoolVar(&s.json, "json", false, "print JSON")
}

// fromEnvironment sets the flags whose variables are not empty. The command
// line is read later, and so overrides them.
func fromEnvironment(flags *pflag.FlagSet) error {
	var failures []error
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "PBXUSERS_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(variable)
		if value != "" && flag.Value.Set(value) != nil {
			failures = append(failures, fmt.Errorf("the environment variable %s holds no %s for --%s", variable, flag.Value.Type(), flag.Name))
		}
	})
	return errors.Join(failures...)
}

// dbPath returns the file of the SQLite database.
func (s *settings) dbPath() (string, error) {
	path, ok := strings.CutPrefix(s.db, "sqlite:")
	if !ok || path == "" {
		return "", store.Invalid(store.FieldError{Field: "db", Code: "database", Message: "write sqlite: and the path of a file"})
	}
	return path, nil
}

// beside returns a path in the folder of the database, unless given.
func (s *settings) beside(given, name string) (string, error) {
	if given != "" {
		return given, nil
	}
	path, err := s.dbPath()
	return filepath.Join(filepath.Dir(path), name), err
}

func (s *settings) keyPath() (string, error) { return s.beside(s.keyFile, "pbxusers.key") }

func (s *settings) amiSecretPath() (string, error) {
	return s.beside(s.secretFile, "pbxusers_ami.secret")
}

// amiAddress returns where AMI listens: as told, or as manager.conf says.
func (s *settings) amiAddress() (string, error) {
	if s.ami != "" {
		return s.ami, nil
	}
	tree, err := asteriskconf.ParseFile(s.confDir, "manager.conf", nil)
	if err != nil {
		return "", err
	}
	return manager.ListenAddress(tree), nil
}
