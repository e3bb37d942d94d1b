package auditwords

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

func TestReason_speaksPlainly(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]string{
		"":                               "",
		"forbidden: invalid_credentials": "Wrong password",
		"invalid: to (email)":            "Email address missing or invalid",
		"invalid: secret (min), permit[2] (network)": "Secret too short or too small, permit not an address or network",
		"invalid: (required)":                        "Value missing",
		"already_exists: default_extension":          "Default extension already taken",
		"conflict: reload":                           "Not possible in this state (reload)",
		"rate_limited":                               "Too many attempts",
		"record_modified":                            "Record was changed outside this program",
		"of_later: new_step":                         "Of later (new step)",
		"invalid: color (of_later)":                  "Color not valid",
	} {
		require.Equal(t, want, Reason(&audit.Entry{Key: "jane", Reason: reason}), reason)
	}
	require.Equal(t, "Wrong username or password", Reason(&audit.Entry{Reason: "forbidden: invalid_credentials"}))
}

// Every code of package store and of a denied login has words.
func TestReason_knowsEveryCode(t *testing.T) {
	t.Parallel()
	codes := constants(t, "store/codes.go")
	require.Greater(t, len(codes), 50)
	for _, code := range codes {
		require.Contains(t, problems(), code)
	}
	for _, code := range constants(t, "store/credential/login.go") {
		require.Contains(t, reasons(), code)
	}
	for _, err := range []error{
		store.ErrInvalid, store.ErrAlreadyExists, store.ErrNotFound, store.ErrInUse, store.ErrConflict, store.ErrForbidden, store.ErrRateLimited, store.ErrBusy,
	} {
		code, ok := store.RejectionCode(err)
		require.True(t, ok)
		require.Contains(t, reasons(), code)
	}
	require.Contains(t, reasons(), string(credential.InvalidCredentials))
}

func TestAction_saysWhatWasDoneOrTried(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Sent test email", Action(&audit.Entry{Action: "send test mail", Outcome: audit.Succeeded}))
	require.Equal(t, "Send test email", Action(&audit.Entry{Action: "send test mail", Outcome: audit.Denied}))
	require.Equal(t, "Login", Action(&audit.Entry{Action: "login", Outcome: audit.Denied}))
	require.Equal(t, "Of later", Action(&audit.Entry{Action: "of later", Outcome: audit.Succeeded}))
}

// Every action that the module records by a literal has words.
func TestActions_areComplete(t *testing.T) {
	t.Parallel()
	require.True(t, slices.IsSorted(Actions()))
	recorded := regexp.MustCompile(`(?:const action\w* =|Action:|Event\((?:ctx, )?|mutate\(ctx,|setDisabled\(ctx,|\.event\(|Operation =|savePicture\(ctx,)\s*"([a-z][a-z ]+)"`)
	found := 0
	for _, folder := range []string{"ampusers", "internal/auth", "manager/asterisk", "store", "userman", "examples/internal/app"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			for _, match := range recorded.FindAllStringSubmatch(read(t, path), -1) {
				require.Contains(t, Actions(), match[1], path)
				found++
			}
			return nil
		}))
	}
	require.Greater(t, found, 30)
}

// root is the folder of the module.
const root = "../../../.."

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

// constants returns the texts of the constants in a file.
func constants(t *testing.T, path string) []string {
	t.Helper()
	var codes []string
	for _, match := range regexp.MustCompile(`(?m)^\t\w+(?: +\w+)? += "([a-z_0-9]+)"`).FindAllStringSubmatch(read(t, filepath.Join(root, path)), -1) {
		codes = append(codes, match[1])
	}
	return codes
}
