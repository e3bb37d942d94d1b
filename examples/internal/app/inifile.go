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

// maxIniFile bounds what is read as a file of settings.
const maxIniFile = 1 << 20

// iniFile is a file of settings that was read. The zero one holds none.
type iniFile struct {
	path string
	// values by the names of their flags.
	values map[string]string
}

// readIniFile reads the file of settings; a missing one holds none, unless it
// must be there.
func readIniFile(path string, required bool) (iniFile, error) {
	content, _, err := readLimited(path)
	if errors.Is(err, fs.ErrNotExist) && !required {
		return iniFile{}, nil
	}
	if err != nil {
		return iniFile{}, fmt.Errorf("the file of settings: %w", err)
	}
	return parseIniFile(path, content)
}

// readLimited reads a file that settings are in, and its mode.
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
		err = fmt.Errorf("%s: it is larger than %d bytes; that is no file of settings", path, maxIniFile)
	}
	return content, info.Mode(), err
}

func parseIniFile(path string, content []byte) (iniFile, error) {
	parsed, err := ini.LoadSources(ini.LoadOptions{
		AllowDuplicateShadowValues: true,
		AllowShadows:               true, // so that a key that stands twice is seen
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
			return iniFile{}, fmt.Errorf("%s: settings stand outside of any section, and there are some in [%s]; move them to the top of the file", path, section.Name())
		}
		for _, key := range section.Keys() {
			if err := file.add(key); err != nil {
				return iniFile{}, err
			}
		}
	}
	return file, nil
}

// add keeps a key under the name of its flag.
func (f iniFile) add(key *ini.Key) error {
	name := strings.ReplaceAll(key.Name(), "_", "-")
	if _, duplicate := f.values[name]; duplicate || len(key.ValueWithShadows()) > 1 {
		return fmt.Errorf("%s: the key %s stands there twice; keep one of them", f.path, key.Name())
	}
	f.values[name] = key.Value()
	return nil
}

// iniSyntaxError names the line, and not what stands in it, as ini's own errors do.
func iniSyntaxError(path string, content []byte, err error) error {
	var noDelimiter ini.ErrDelimiterNotFound
	if !errors.As(err, &noDelimiter) {
		return fmt.Errorf("%s: the file is malformed; write one setting a line, such as conf-dir = /etc/asterisk", path)
	}
	badLine := bytes.TrimSpace([]byte(noDelimiter.Line))
	number := 1 + slices.IndexFunc(bytes.Split(content, []byte("\n")), func(line []byte) bool {
		return bytes.Equal(bytes.TrimSpace(line), badLine)
	})
	return fmt.Errorf("%s:%d: there is no = in the line; write a setting such as conf-dir = /etc/asterisk", path, number)
}

// unknownKeys refuses the keys that are neither flags nor settings of the
// other program, each with its name.
func (f iniFile) unknownKeys(flags *pflag.FlagSet) []error {
	var failures []error
	for name := range f.values {
		known := flags.Lookup(name) != nil && name != configFlag || slices.Contains(programSettings(), name)
		if !known {
			failures = append(failures, fmt.Errorf("%s: there is no setting %s", f.path, name))
		}
	}
	slices.SortFunc(failures, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return failures
}

// programSettings are those that not all of the programs have. They may share one
// file, so each passes over the others'.
func programSettings() []string {
	return []string{"json", "listen", "tls-cert", "tls-key", "trusted-proxies", "log-level", "domain", "protocol", "timeout"}
}
