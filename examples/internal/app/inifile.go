package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-ini/ini"
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
	if value := os.Getenv(EnvVar(flag.Name)); value != "" && !flag.Changed {
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
	values, err := readIniFile(iniPath, required)
	if err != nil {
		return err
	}
	var failures []error
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !isKnownSetting(flags, name) {
			failures = append(failures, fmt.Errorf("%s: unknown setting %s", iniPath, name))
		}
	}
	flags.VisitAll(func(flag *pflag.Flag) {
		switch {
		case flag.Name == configFlag:
		case flag.Changed:
			noteSource(flag, Source{SourceFlag, "--" + flag.Name})
		default:
			failures = append(failures, loadFlag(flag, iniPath, values))
		}
	})
	return errors.Join(failures...)
}

// loadFlag sets a flag from the environment, or from the values of a settings file.
func loadFlag(flag *pflag.Flag, iniPath string, values map[string]string) error {
	value, source := os.Getenv(EnvVar(flag.Name)), Source{SourceEnvironment, EnvVar(flag.Name)}
	if value == "" {
		value, source = values[flag.Name], Source{SourceFile, iniPath}
	}
	if value == "" {
		return nil
	}
	if flag.Value.Set(value) != nil { // the error may quote the value
		place := "the environment variable " + source.Name
		if source.Kind == SourceFile {
			place = iniPath + ": the key " + flag.Name
		}
		return fmt.Errorf("%s holds no %s for --%s", place, flag.Value.Type(), flag.Name)
	}
	noteSource(flag, source)
	return nil
}

// noteSource remembers what sets a setting.
func noteSource(flag *pflag.Flag, source Source) {
	if setting, ok := flag.Value.(*settingFlag); ok {
		setting.settings.fix(setting.definition.Name, source)
	}
}

// EnvVar returns the environment variable of a flag.
func EnvVar(flag string) string {
	return "PBXUSERS_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// maxIniFile is the maximum size of a settings file.
const maxIniFile = 1 << 20

// readIniFile returns the values of the settings file by flag name. A missing file
// is empty unless it is required.
func readIniFile(path string, required bool) (map[string]string, error) {
	content, _, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("settings file: %w", err)
	}
	values, err := parseIniFile(content)
	if err != nil {
		return nil, fmt.Errorf("%s%w", path, err)
	}
	return values, nil
}

// readLimited reads a file of limited size, and its mode.
func readLimited(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxIniFile+1))
	if err == nil && len(content) > maxIniFile {
		err = fmt.Errorf("%s: larger than %d bytes; this is no settings file", path, maxIniFile)
	}
	return content, info.Mode(), err
}

// parseIniFile returns the values by flag name. Its errors begin with what follows
// the path of the file.
func parseIniFile(content []byte) (map[string]string, error) {
	parsed, err := ini.LoadSources(ini.LoadOptions{
		AllowDuplicateShadowValues: true,
		AllowShadows:               true, // to find duplicate keys
		IgnoreContinuation:         true,
		IgnoreInlineComment:        true,
		KeyValueDelimiters:         "=",
	}, content)
	if err != nil {
		return nil, iniSyntaxError(content, err)
	}
	values := map[string]string{}
	for _, section := range parsed.Sections() {
		if len(section.Keys()) > 0 && section.Name() != ini.DefaultSection {
			return nil, fmt.Errorf(": section [%s] contains settings; move them to the top of the file, outside of any section", section.Name())
		}
		for _, key := range section.Keys() {
			name := strings.ReplaceAll(key.Name(), "_", "-")
			if _, duplicate := values[name]; duplicate || len(key.ValueWithShadows()) > 1 {
				return nil, fmt.Errorf(": duplicate key %s", key.Name())
			}
			values[name] = key.Value()
		}
	}
	return values, nil
}

// iniSyntaxError names the line without quoting it, unlike ini's own errors.
func iniSyntaxError(content []byte, err error) error {
	var noDelimiter ini.ErrDelimiterNotFound
	if !errors.As(err, &noDelimiter) {
		return errors.New(": the file is malformed; write one setting a line, such as conf-dir = /etc/asterisk")
	}
	badLine := bytes.TrimSpace([]byte(noDelimiter.Line))
	number := 1 + slices.IndexFunc(bytes.Split(content, []byte("\n")), func(line []byte) bool {
		return bytes.Equal(bytes.TrimSpace(line), badLine)
	})
	return fmt.Errorf(":%d: missing = in the line; write a setting such as conf-dir = /etc/asterisk", number)
}

// isKnownSetting reports whether a key is a flag or a setting that only some programs
// have. All programs can share one file, so each ignores those of the others.
func isKnownSetting(flags *pflag.FlagSet, name string) bool {
	others := []string{"json", "listen", "tls-cert", "tls-key", "trusted-proxies", "max-connections", "log-level", "domain", "protocol", "timeout"}
	return flags.Lookup(name) != nil && name != configFlag || slices.Contains(others, name)
}
