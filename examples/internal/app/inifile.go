package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/go-ini/ini"
	"github.com/spf13/pflag"
)

// maxIniFile is the maximum size of a settings file.
const maxIniFile = 1 << 20

// iniFile is the content of a settings file. The zero value is empty.
type iniFile struct {
	path string
	// values are the values by flag name.
	values map[string]string
}

// readIniFile reads the settings file. A missing file is empty unless it is
// required.
func readIniFile(path string, required bool) (iniFile, error) {
	content, _, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return iniFile{}, nil
	}
	if err != nil {
		return iniFile{}, fmt.Errorf("settings file: %w", err)
	}
	return parseIniFile(path, content)
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

func parseIniFile(path string, content []byte) (iniFile, error) {
	parsed, err := ini.LoadSources(ini.LoadOptions{
		AllowDuplicateShadowValues: true,
		AllowShadows:               true, // to find duplicate keys
		IgnoreContinuation:         true,
		IgnoreInlineComment:        true,
		KeyValueDelimiters:         "=",
	}, content)
	if err != nil {
		return iniFile{}, iniSyntaxError(path, content, err)
	}
	file := iniFile{path, map[string]string{}}
	for _, section := range parsed.Sections() {
		if len(section.Keys()) > 0 && section.Name() != ini.DefaultSection {
			return iniFile{}, fmt.Errorf("%s: section [%s] contains settings; move them to the top of the file, outside of any section", path, section.Name())
		}
		for _, key := range section.Keys() {
			if err := file.add(key); err != nil {
				return iniFile{}, err
			}
		}
	}
	return file, nil
}

// add adds a key under the name of its flag.
func (f iniFile) add(key *ini.Key) error {
	name := strings.ReplaceAll(key.Name(), "_", "-")
	if _, duplicate := f.values[name]; duplicate || len(key.ValueWithShadows()) > 1 {
		return fmt.Errorf("%s: duplicate key %s", f.path, key.Name())
	}
	f.values[name] = key.Value()
	return nil
}

// iniSyntaxError names the line without quoting it, unlike ini's own errors.
func iniSyntaxError(path string, content []byte, err error) error {
	var noDelimiter ini.ErrDelimiterNotFound
	if !errors.As(err, &noDelimiter) {
		return fmt.Errorf("%s: the file is malformed; write one setting a line, such as conf-dir = /etc/asterisk", path)
	}
	badLine := bytes.TrimSpace([]byte(noDelimiter.Line))
	number := 1 + slices.IndexFunc(bytes.Split(content, []byte("\n")), func(line []byte) bool {
		return bytes.Equal(bytes.TrimSpace(line), badLine)
	})
	return fmt.Errorf("%s:%d: missing = in the line; write a setting such as conf-dir = /etc/asterisk", path, number)
}

// unknownKeys returns an error for each key that is neither a flag nor a setting
// of another program.
func (f iniFile) unknownKeys(flags *pflag.FlagSet) []error {
	var failures []error
	for name := range f.values {
		known := flags.Lookup(name) != nil && name != configFlag || slices.Contains(programSettings(), name)
		if !known {
			failures = append(failures, fmt.Errorf("%s: unknown setting %s", f.path, name))
		}
	}
	slices.SortFunc(failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return failures
}

// programSettings are the settings that only some programs have. All programs can
// share one file, so each ignores those of the others.
func programSettings() []string {
	return []string{"json", "listen", "tls-cert", "tls-key", "trusted-proxies", "log-level", "domain", "protocol", "timeout"}
}
