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

// configFlag is the flag that names the file of settings.
const configFlag = "config"

// RegisterIniFile adds the flag --config, for [IniFile].
func RegisterIniFile(flags *pflag.FlagSet) {
	flags.String(configFlag, DefaultIniFile,
		"`FILE` of settings, each flag a key such as conf-dir = /etc/asterisk; relative paths in it are relative to the working directory")
}

// IniFile returns the file that --config or PBXUSERS_CONFIG names, and whether
// one of them does: then it must be there.
func IniFile(flags *pflag.FlagSet) (path string, required bool) {
	flag := flags.Lookup(configFlag)
	if value := os.Getenv(envVar(flag.Name)); value != "" && !flag.Changed {
		return value, true
	}
	return flag.Value.String(), flag.Changed
}

// LoadFlags sets the flags that the command line did not set: from the
// environment, PBXUSERS_CONF_DIR for --conf-dir, and then from the file
// iniPath, where conf-dir (or conf_dir) is a key outside of any section. An
// empty value is none. A missing file is an error only when must is set. An
// unknown key is refused, unless it is one of the other program's settings.
//
// A value is taken as it stands, but for quotes around all of it: # and ; in
// it begin no comment. No error holds a value.
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
