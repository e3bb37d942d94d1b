package auditwords

import (
	"encoding/json"
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
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
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

func TestAction_namesTheSettings(t *testing.T) {
	t.Parallel()
	entry := &audit.Entry{
		Action: "update", Kind: "settings", Key: "settings", Outcome: audit.Succeeded,
		Before: json.RawMessage(`{"smtp": "mx1", "of_later": true, "ldap_url": ["ldaps://dc1"]}`),
		After:  json.RawMessage(`{"smtp": "mx2", "base_url": "https://pbx.example.com", "of_later": false}`),
	}
	require.Equal(t, "Changed the settings", Action(entry))
	require.Equal(t, "public URL, LDAP servers, of later, mail server", Record(entry))
	entry.Outcome = audit.Denied
	require.Equal(t, "Change the settings", Action(entry))
	require.Equal(t, "settings", Record(&audit.Entry{Kind: "settings", Key: "settings"}))
}

// A mail has an entry for its link, and one for its result.
func TestAction_tellsLinkOfMailFromItsResult(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"send welcome mail": "Created link for welcome email", "welcome mail sent": "Sent welcome email", "welcome mail deferred": "Welcome email is waiting",
		"reset mail rejected": "Mail server rejected reset email", "reset mail failed": "Could not send reset email",
	} {
		require.Equal(t, want, Action(&audit.Entry{Action: action, Outcome: audit.Succeeded}))
	}
	for _, kind := range []usermail.Kind{usermail.Welcome, usermail.Reset} {
		for _, status := range []userman.DeliveryStatus{userman.DeliverySent, userman.DeliveryDeferred, userman.DeliveryRejected, userman.DeliveryFailed} {
			require.Contains(t, Actions(), string(kind)+" mail "+string(status))
		}
	}
}

func TestRecord_namesKindAndKey(t *testing.T) {
	t.Parallel()
	require.Equal(t, "AMI account anna", Record(&audit.Entry{Kind: "AMI account", Key: "anna"}))
	require.Equal(t, "administrator", Record(&audit.Entry{Kind: "administrator"}))
	require.Equal(t, "configuration", Record(&audit.Entry{Kind: "configuration", Key: "/etc/asterisk"}))
}

func TestAuthor_namesActorWithoutName(t *testing.T) {
	t.Parallel()
	for want, entry := range map[string]audit.Entry{
		"jane":                     {Actor: audit.Actor{Kind: audit.Administrator, Name: "jane"}},
		"the server":               {Action: "first start", Actor: audit.Actor{Kind: audit.System}},
		"the console":              {Actor: audit.Actor{Kind: audit.Console}},
		"the holder of the link":   {Action: "accept invitation", Actor: audit.Actor{Kind: audit.Anonymous}, Outcome: audit.Succeeded},
		"a visitor, not logged in": {Action: "accept invitation", Actor: audit.Actor{Kind: audit.Anonymous}, Outcome: audit.Denied},
		"user":                     {Actor: audit.Actor{Kind: audit.User}},
	} {
		require.Equal(t, want, Author(&entry))
	}
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
