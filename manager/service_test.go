package manager_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

const goodSecret = "a secret of 24 characters"

// office is a service over an empty store, with a clock that steps by a second.
type office struct {
	*manager.Service
	store manager.Store
	now   time.Time
	log   *bytes.Buffer
}

func newOffice(t testing.TB, opts *manager.Options) *office {
	t.Helper()
	o := &office{store: memstore.New().Managers(), now: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("", 3600)), log: &bytes.Buffer{}}
	given := manager.Options{}
	if opts != nil {
		given = *opts
	}
	given.Clock = func() time.Time {
		o.now = o.now.Add(time.Second)
		return o.now
	}
	given.Logger = slog.New(slog.NewJSONHandler(o.log, nil))
	o.Service = manager.New(o.store, &given)
	return o
}

// make adds an account that must be accepted.
func (o *office) make(t testing.TB, u *manager.User) *manager.User {
	t.Helper()
	created, err := o.Create(t.Context(), u)
	require.NoError(t, err)
	return created
}

// stored returns the account as the store has it, with its secret.
func (o *office) stored(t testing.TB, name string) *manager.User {
	t.Helper()
	u, err := o.store.User(t.Context(), name)
	require.NoError(t, err)
	return u
}

// requireRefused requires exactly one refused field, in an error that does not
// repeat what was submitted.
func requireRefused(t testing.TB, err error, field, code string) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrInvalid)
	invalid := (*store.InvalidError)(nil)
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Fields, 1, "%v", err)
	require.Equal(t, field+" "+code, invalid.Fields[0].Field+" "+invalid.Fields[0].Code)
	require.NotEmpty(t, invalid.Fields[0].Message)
}

func TestCreate_generatesASecretThatNothingNeedsToEscape(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	seen := make(map[string]bool)
	for i := range 50 {
		secret := o.make(t, &manager.User{Name: fmt.Sprint("u", i)}).Secret
		require.Regexp(t, "^[0-9A-Za-z]{32}$", secret.Reveal())
		require.False(t, seen[secret.Reveal()], "a secret came twice")
		require.True(t, secret.Equal(o.stored(t, fmt.Sprint("u", i)).Secret))
		seen[secret.Reveal()] = true
	}
}

func TestCreate_completesTheAccount(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	given := &manager.User{
		Name: "Crm", Secret: store.NewSecret(goodSecret),
		CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(2, 0), SecretChangedAt: time.Unix(3, 0),
	}
	created := o.make(t, given)
	at := time.Date(2026, 3, 1, 11, 0, 1, 123_456_000, time.UTC)
	require.Equal(t, &manager.User{
		Name: "Crm", Secret: store.NewSecret(goodSecret),
		Deny: []manager.Network{}, Permit: []manager.Network{}, EventFilters: []manager.EventFilter{}, WriteTimeout: 100,
		CreatedAt: at, UpdatedAt: at, SecretChangedAt: at,
	}, created)
	require.Nil(t, given.Deny, "the caller's account is left alone")

	got, err := o.Get(t.Context(), "CRM")
	require.NoError(t, err)
	created.Secret = store.Secret{}
	require.Equal(t, created, got, "Get shows all but the secret")
	_, err = o.Get(t.Context(), "crm2")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestCreate_refusesBadFields(t *testing.T) {
	t.Parallel()
	many := func(n int) []manager.Network { return append([]manager.Network(nil), make([]manager.Network, n)...) }
	someFilter := include("Hangup", "", manager.MatchNone, "")
	for _, test := range []struct {
		field, code string
		spoil       func(u *manager.User)
	}{
		{"name", "required", func(u *manager.User) { u.Name = "" }},
		{"name", "ami_name", func(u *manager.User) { u.Name = "General" }},
		{"name", "ami_name", func(u *manager.User) { u.Name = ".hidden" }},
		{"name", "ami_name", func(u *manager.User) { u.Name = "größe" }},
		{"name", "ami_name", func(u *manager.User) { u.Name = strings.Repeat("n", 80) }},
		{"secret", "min", func(u *manager.User) { u.Secret = store.NewSecret("11 are few.") }},
		{"secret", "max", func(u *manager.User) { u.Secret = store.NewSecret(strings.Repeat("s", 201)) }},
		{"named_acl", "acl_name", func(u *manager.User) { u.NamedACL = "a b" }},
		{"note", "max", func(u *manager.User) { u.Note = strings.Repeat("注", 1001) }},
		{"owner", "max", func(u *manager.User) { u.Owner = strings.Repeat("o", 201) }},
		{"write_timeout", "min", func(u *manager.User) { u.WriteTimeout = 99 }},
		{"write_timeout", "min", func(u *manager.User) { u.WriteTimeout = -1 }},
		{"write_timeout", "max", func(u *manager.User) { u.WriteTimeout = 600_001 }},
		{"deny[0]", "network", func(u *manager.User) { u.Deny = many(1) }},
		{"permit[1]", "network", func(u *manager.User) { u.Permit = append(networks(t, "10.0.0.0/8"), many(1)...) }},
		{"read", "privilege", func(u *manager.User) { u.Read = manager.AllPrivileges + 1 }},
		{"write", "privilege", func(u *manager.User) { u.Write = 1 << 31 }},
		{"event_filters[0].action", "oneof", func(u *manager.User) { u.EventFilters[0].Action = "" }},
		{"event_filters[0].event", "word", func(u *manager.User) { u.EventFilters[0].Event = "New channel" }},
		{"event_filters[0].header", "word", func(u *manager.User) { u.EventFilters[0].Header = "Channel:" }},
		{"event_filters[0].method", "oneof", func(u *manager.User) { u.EventFilters[0].Method = "like" }},
		{"event_filters[0].event", "required", func(u *manager.User) { u.EventFilters[0].Event = "" }},
		{"event_filters[0].match", "unexpected", func(u *manager.User) { u.EventFilters[0].Match = "x" }},
		{"event_filters[0].match", "required", func(u *manager.User) { u.EventFilters[0].Method = manager.MatchExact }},
		{"event_filters[1].match", "exclamation", func(u *manager.User) {
			u.EventFilters = append(u.EventFilters, include("", "", manager.MatchContains, "!x"))
		}},
		{"event_filters[0].match", "max", func(u *manager.User) {
			u.EventFilters[0] = include("", "", manager.MatchContains, strings.Repeat("m", 501))
		}},
		{"event_filters[0].match", "regex", func(u *manager.User) { u.EventFilters[0] = include("", "", manager.MatchRegex, "(") }},
		{"event_filters", "max", func(u *manager.User) {
			for len(u.EventFilters) <= manager.MaxEventFilters {
				u.EventFilters = append(u.EventFilters, someFilter)
			}
		}},
		{"permit", "max", func(u *manager.User) {
			for len(u.Permit) <= manager.MaxNetworks {
				u.Permit = append(u.Permit, network(t, "10.0.0.0/8"))
			}
		}},
	} {
		t.Run(test.field+" "+test.code, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			u := &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret), EventFilters: []manager.EventFilter{someFilter}}
			test.spoil(u)
			_, err := o.Create(t.Context(), u)
			requireRefused(t, err, test.field, test.code)
			list, err := o.List(t.Context(), manager.Query{})
			require.NoError(t, err)
			require.Empty(t, list.Items)
			require.Empty(t, o.log.String())
		})
	}
}

func TestCreate_namesAllBadFieldsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := newOffice(t, nil).Create(t.Context(), &manager.User{
		Secret: store.NewSecret("short"), WriteTimeout: 1, Deny: make([]manager.Network, 1), Read: 1 << 20,
	})
	invalid := (*store.InvalidError)(nil)
	require.ErrorAs(t, err, &invalid)
	var fields []string
	for _, f := range invalid.Fields {
		fields = append(fields, f.Field)
	}
	require.ElementsMatch(t, []string{"name", "secret", "write_timeout", "deny[0]", "read"}, fields)
}

func TestCreate_keepsNamesUniqueWithoutRegardToCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "Crm"})
	_, err := o.Create(t.Context(), &manager.User{Name: "cRM"})
	exists := (*store.ExistsError)(nil)
	require.ErrorAs(t, err, &exists)
	require.Equal(t, "name", exists.Field)
	require.Empty(t, exists.Where)
	require.Equal(t, "Crm", o.stored(t, "crm").Name)
}

func TestCreate_refusesTheNamesOfAccountsWrittenByHand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"manager.conf":                    "[general]\nenabled = yes\n[base](!)\nread = call\n#include \"manager.d/*.conf\"\n[Admin](base)\nsecret = x\n",
		"manager.d/crm.conf":              "; by hand\n[OldCrm]\nsecret = x\n",
		"manager.d/" + manager.FileName:   "[ours]\nsecret = x\n",
		"manager.d/other.txt":             "[unread]\nsecret = x\n",
		"manager.d/x" + manager.FileName:  "[alike]\nsecret = x\n",
		"manager.d/deep/never-there.conf": "[deep]\nsecret = x\n",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	o := newOffice(t, &manager.Options{Taken: manager.Taken(dir)})
	for name, where := range map[string]string{
		"admin": "manager.conf:6", "OLDCRM": "manager.d/crm.conf:2", "base": "manager.conf:3", "alike": "manager.d/x" + manager.FileName + ":1",
		"ours": "", "unread": "", "deep": "", "new": "",
	} {
		_, err := o.Create(t.Context(), &manager.User{Name: name})
		if where == "" {
			require.NoError(t, err, name)
			continue
		}
		exists := (*store.ExistsError)(nil)
		require.ErrorAs(t, err, &exists, name)
		require.Equal(t, where, exists.Where)
		require.EqualError(t, err, "name: another AMI account has this name already ("+where+"); choose a different one")
	}
	list, err := o.List(t.Context(), manager.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 4)
}

func TestCreate_refusesWhenNobodyKnowsWhatIsWrittenByHand(t *testing.T) {
	t.Parallel()
	o := newOffice(t, &manager.Options{Taken: manager.Taken(filepath.Join(t.TempDir(), "missing"))})
	_, err := o.Create(t.Context(), &manager.User{Name: "crm"})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "looking for accounts written by hand")
	_, err = o.Get(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAFailingSourceOfRandomnessMakesNoSecret(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	for name, random := range map[string]io.Reader{"at once": iotest.ErrReader(broken), "midway": io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(broken))} {
		o := newOffice(t, &manager.Options{Random: random})
		_, err := o.Create(t.Context(), &manager.User{Name: "crm"})
		require.ErrorIs(t, err, broken, name)
		o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
		_, err = o.Rotate(t.Context(), "crm", store.Secret{})
		require.ErrorIs(t, err, broken, name)
		require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal())
	}
}

func TestTheLogTellsOfEveryChange_andOfNoSecret(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	secrets := []string{goodSecret, o.make(t, &manager.User{Name: "generated"}).Secret.Reveal()}
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	rotated, err := o.Rotate(t.Context(), "crm", store.Secret{})
	require.NoError(t, err)
	secrets = append(secrets, rotated.Secret.Reveal())
	_, err = o.Disable(t.Context(), "crm")
	require.NoError(t, err)
	require.NoError(t, o.Delete(t.Context(), "crm"))
	log := o.log.String()
	for _, message := range []string{"AMI account created", "AMI account updated", "AMI account deleted"} {
		require.Contains(t, log, message)
	}
	for _, secret := range secrets {
		require.NotContains(t, log, secret)
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", rotated, *rotated, rotated), secret)
	}
}
