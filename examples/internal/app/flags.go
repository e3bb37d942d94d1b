package app

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// DefaultIniFile is read from the working directory when no other is named.
const DefaultIniFile = "pbxusers.ini"

// configFlag is the flag of the settings file.
const configFlag = "config"

// RegisterIniFile adds the flag --config, for [IniFile].
func RegisterIniFile(flags *pflag.FlagSet) {
	flags.String(configFlag, DefaultIniFile,
		"settings `FILE` with lines such as conf-dir = /etc/asterisk; relative paths in it are relative to the working directory")
}

// IniFile returns the settings file. It is required if --config or
// PBXUSERS_CONFIG names it.
func IniFile(flags *pflag.FlagSet) (path string, required bool) {
	flag := flags.Lookup(configFlag)
	if value := os.Getenv(envVar(flag.Name)); value != "" && !flag.Changed {
		return value, true
	}
	return flag.Value.String(), flag.Changed
}

// LoadFlags sets the flags that the command line does not set: from the
// environment, such as PBXUSERS_CONF_DIR for --conf-dir, and then from the
// settings file, where conf-dir (or conf_dir) is a key outside of any section. An
// empty value is ignored. A missing file is an error only if it is required. An
// unknown key is an error, unless it is a setting of another program.
//
// A value is taken literally, apart from quotes around it: # and ; begin no
// comment. No error contains a value.
func LoadFlags(flags *pflag.FlagSet, iniPath string, required bool) error {
	file, err := readIniFile(iniPath, required)
	if err != nil {
		return err
	}
	failures := file.unknownKeys(flags)
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Changed || flag.Name == configFlag {
			return
		}
		value, source := os.Getenv(envVar(flag.Name)), "the environment variable "+envVar(flag.Name)
		if value == "" {
			value, source = file.values[flag.Name], fmt.Sprintf("%s: the key %s", iniPath, flag.Name)
		}
		if value != "" && flag.Value.Set(value) != nil {
			failures = append(failures, fmt.Errorf("%s holds no %s for --%s", source, flag.Value.Type(), flag.Name))
		}
	})
	return errors.Join(failures...)
}

// envVar is the environment variable of a flag.
func envVar(flag string) string {
	return "PBXUSERS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}
