package pbxusers_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// plainRecord is a record type with plain fields.
type plainRecord struct {
	// folder holds the struct and the table of the record.
	folder string
	fields []field.Meta
	// ruled are the fields that a rule, a list or a configuration file names:
	// code beside the table is about them.
	ruled []string
}

func plainRecords() []plainRecord {
	return []plainRecord{
		{"userman", userman.Fields().Metas(nil), []string{
			"username", "default_extension", "description", "first_name", "last_name", "display_name", "email", "language", "time_zone", "title",
			"linked_extensions", "other_emails", "disabled", "must_change_password", "external_id",
		}},
		{"userman", userman.GroupFields().Metas(nil), []string{"name", "description", "priority", "default"}},
		{"userman/apitoken", apitoken.Fields().Metas(nil), []string{
			"description", "extensions", "modules", "requests_per_hour", "expires_at", "disabled",
		}},
		{"account/extension", extension.Fields().Metas(nil), []string{"number", "name", "type", "codecs", "transport", "nat"}},
		{"ampusers", ampusers.Fields().Metas(nil), []string{"username", "display_name", "access", "sections", "teams", "disabled"}},
		{"manager", manager.Fields().Metas(nil), []string{
			"name", "named_acl", "display_connects", "allow_multiple_login", "disabled", "write_timeout", "owner", "note",
		}},
	}
}

// TestNames_plainFieldsStandOnce holds what makes a new field cheap: beside its
// struct, its row, the LDAP presets and the migration, only tests name it.
func TestNames_plainFieldsStandOnce(t *testing.T) {
	t.Parallel()
	sources := sourceTexts(t)
	for _, record := range plainRecords() {
		for _, m := range record.fields {
			if slices.Contains(record.ruled, m.Name) {
				continue
			}
			spelling := spellings(m)
			for path, text := range sources {
				if filepath.Dir(path) == record.folder && strings.Contains(text, "func Fields()") || path == record.folder+"/user.go" {
					continue
				}
				require.Empty(t, spelling.FindString(text), "%s names the plain field %s; loop over the table of %s instead", path, m.Name, record.folder)
			}
		}
	}
}

// spellings matches a name of a field in Go, JSON, SQL, flags and texts. A name of
// one word is an everyday word, too: it counts as a selector or in quotes.
func spellings(m field.Meta) *regexp.Regexp {
	parts := strings.Split(m.Name, "_")
	titled := make([]string, len(parts))
	for i, part := range parts {
		titled[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	pascal := strings.Join(titled, "")
	if len(parts) == 1 {
		return regexp.MustCompile(`["` + "`" + `]` + m.Name + `["` + "`" + `]|\.` + pascal + `\b`)
	}
	camel := parts[0] + pascal[len(parts[0]):]
	return regexp.MustCompile(strings.Join([]string{m.Name, m.Flag(), pascal, camel, regexp.QuoteMeta(m.Label)}, "|"))
}

// sourceTexts returns the Go files, templates and scripts that are no tests, by
// their paths, without what may name a field.
func sourceTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{"testdata", "storetest", "servertest"}, entry.Name()), strings.HasPrefix(path, ".git"):
			return fs.SkipDir
		case entry.IsDir(), strings.HasSuffix(path, "_test.go"), strings.HasSuffix(path, ".min.js"):
			return nil
		case path == filepath.Join("userman", "ldapdir", "options.go"):
			return nil // the presets of directories
		}
		if slices.Contains([]string{".go", ".html", ".js"}, filepath.Ext(path)) {
			text, err := os.ReadFile(path)
			texts[filepath.ToSlash(path)] = string(text)
			return err
		}
		return nil
	}))
	return texts
}
