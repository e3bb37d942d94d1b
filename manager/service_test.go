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
	"sync"
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
	require.True(t, errors.As(err, &invalid))
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
	require.True(t, errors.As(err, &invalid))
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
	require.True(t, errors.As(err, &exists))
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
		require.True(t, errors.As(err, &exists), name)
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

func TestUpdate_changesWhatItIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret), Read: manager.Call})
	updated, err := o.Update(t.Context(), "CRM", func(u *manager.User) error {
		require.True(t, u.Secret.IsZero(), "no secret is shown")
		require.Equal(t, manager.Call, u.Read)
		u.Note, u.WriteTimeout, u.Permit = "a note", 0, nil
		u.CreatedAt, u.UpdatedAt, u.SecretChangedAt = time.Time{}, time.Time{}, time.Time{}
		return nil
	})
	require.NoError(t, err)
	want := created.Clone()
	want.Secret, want.Note, want.UpdatedAt = store.Secret{}, "a note", created.UpdatedAt.Add(time.Second)
	want.Deny, want.Permit, want.EventFilters = []manager.Network{}, []manager.Network{}, []manager.EventFilter{}
	require.Equal(t, want, updated)
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal(), "the secret is kept")
}

func TestUpdate_writesNothingWhenRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	before := o.stored(t, "crm")

	sentinel := errors.New("no")
	_, err := o.Update(t.Context(), "crm", func(u *manager.User) error {
		u.Note = "changed"
		return sentinel
	})
	require.Same(t, sentinel, err, "the error of the callback comes back unchanged")
	for name, rename := range map[string]string{"another name": "dialer", "another case": "CRM", "no name": ""} {
		_, err = o.Update(t.Context(), "crm", func(u *manager.User) error {
			u.Name = rename
			return nil
		})
		requireRefused(t, err, "name", "immutable")
		require.Equal(t, before, o.stored(t, "crm"), name)
	}
	_, err = o.Update(t.Context(), "crm", func(u *manager.User) error {
		u.Secret = store.NewSecret("short")
		return nil
	})
	requireRefused(t, err, "secret", "min")
	_, err = o.Update(t.Context(), "nobody", func(*manager.User) error { panic("there is nothing to change") })
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, before, o.stored(t, "crm"))
	require.Equal(t, 1, strings.Count(o.log.String(), "\n"), "only the creation is logged")
}

func TestUpdate_aNewSecretRotates(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	for _, step := range []struct {
		secret  string
		rotates bool
	}{{goodSecret, false}, {"another good secret", true}, {"another good secret", false}} {
		before := o.stored(t, "crm")
		updated, err := o.Update(t.Context(), "crm", func(u *manager.User) error {
			u.Secret = store.NewSecret(step.secret)
			return nil
		})
		require.NoError(t, err)
		require.True(t, updated.Secret.IsZero())
		require.Equal(t, created.CreatedAt, updated.CreatedAt)
		require.Equal(t, step.rotates, updated.SecretChangedAt.After(before.SecretChangedAt))
		require.Equal(t, step.secret, o.stored(t, "crm").Secret.Reveal())
	}
}

func TestRotate_showsTheNewSecretOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	created := o.make(t, &manager.User{Name: "crm"})
	generated, err := o.Rotate(t.Context(), "CRM", store.Secret{})
	require.NoError(t, err)
	require.Regexp(t, "^[0-9A-Za-z]{32}$", generated.Secret.Reveal())
	require.False(t, generated.Secret.Equal(created.Secret))
	require.True(t, generated.Secret.Equal(o.stored(t, "crm").Secret))
	require.Equal(t, generated.UpdatedAt, generated.SecretChangedAt)
	require.True(t, generated.SecretChangedAt.After(created.SecretChangedAt))

	given, err := o.Rotate(t.Context(), "crm", store.NewSecret(goodSecret))
	require.NoError(t, err)
	require.Equal(t, goodSecret, given.Secret.Reveal())
	_, err = o.Rotate(t.Context(), "crm", store.NewSecret("x"))
	requireRefused(t, err, "secret", "min")
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal())
	_, err = o.Rotate(t.Context(), "nobody", store.Secret{})
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestDisableEnableDelete(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	disabled, err := o.Disable(t.Context(), "CRM")
	require.NoError(t, err)
	require.True(t, disabled.Disabled)
	require.True(t, o.stored(t, "crm").Disabled)
	enabled, err := o.Enable(t.Context(), "crm")
	require.NoError(t, err)
	require.False(t, enabled.Disabled)
	require.Equal(t, goodSecret, o.stored(t, "crm").Secret.Reveal())

	require.NoError(t, o.Delete(t.Context(), "CRM"))
	require.ErrorIs(t, o.Delete(t.Context(), "crm"), store.ErrNotFound)
	_, err = o.Disable(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	o.make(t, &manager.User{Name: "CRM"})
}

func TestList_pagesAndSearchesWithoutSecrets(t *testing.T) {
	t.Parallel()
	o := newOffice(t, nil)
	for name, note := range map[string]string{"delta": "", "Alpha": "Wallboard", "charlie": "the wallboard too", "bravo": ""} {
		o.make(t, &manager.User{Name: name, Note: note, Owner: "Owner of " + name})
	}
	for _, test := range []struct {
		name  string
		query manager.Query
		want  []string
		next  string
	}{
		{"all, in the order of folded names", manager.Query{}, []string{"Alpha", "bravo", "charlie", "delta"}, ""},
		{"a page", manager.Query{Page: store.Page{Limit: 2}}, []string{"Alpha", "bravo"}, "bravo"},
		{"the next page", manager.Query{Page: store.Page{After: "BRAVO", Limit: 2}}, []string{"charlie", "delta"}, ""},
		{"found in notes", manager.Query{Search: "WALLBOARD"}, []string{"Alpha", "charlie"}, ""},
		{"found in owners", manager.Query{Search: "of delta"}, []string{"delta"}, ""},
		{"found on a page", manager.Query{Search: "wallboard", Page: store.Page{Limit: 1}}, []string{"Alpha"}, "alpha"},
		{"not found", manager.Query{Search: "dialer"}, nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list, err := o.List(t.Context(), test.query)
			require.NoError(t, err)
			var names []string
			for _, u := range list.Items {
				require.True(t, u.Secret.IsZero())
				names = append(names, u.Name)
			}
			require.Equal(t, test.want, names)
			require.Equal(t, test.next, list.Next)
			require.NotNil(t, list.Items)
		})
	}
}

func TestTheAccountOfTheApplyStaysAbleToApply(t *testing.T) {
	t.Parallel()
	change := func(edit func(u *manager.User)) func(*testing.T, *office) error {
		return func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Update(t.Context(), "Apply", func(u *manager.User) error {
				edit(u)
				return nil
			})
			return err
		}
	}
	for _, test := range []struct {
		name    string
		act     func(t *testing.T, o *office) error
		refused bool
	}{
		{"delete", func(t *testing.T, o *office) error { t.Helper(); return o.Delete(t.Context(), "APPLY") }, true},
		{"disable", func(t *testing.T, o *office) error { t.Helper(); _, err := o.Disable(t.Context(), "apply"); return err }, true},
		{"rotate", func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.Secret{})
			return err
		}, true},
		{"the same secret again", func(t *testing.T, o *office) error {
			t.Helper()
			_, err := o.Rotate(t.Context(), "apply", store.NewSecret(goodSecret))
			return err
		}, false},
		{"a class less of what an apply needs", change(func(u *manager.User) { u.Write &^= manager.Command }), true},
		{"a class less of others", change(func(u *manager.User) { u.Write &^= manager.System }), false},
		{"more classes", change(func(u *manager.User) { u.Write, u.Read = manager.AllPrivileges, manager.AllPrivileges }), false},
		{"another permit", change(func(u *manager.User) { u.Permit = networks(t, "192.0.2.1") }), true},
		{"one permit more", change(func(u *manager.User) { u.Permit = append(u.Permit, network(t, "192.0.2.1")) }), false},
		{"a wider permit", change(func(u *manager.User) { u.Permit = networks(t, "0.0.0.0/0") }), false},
		{"a narrower permit", change(func(u *manager.User) { u.Permit = networks(t, "127.0.0.0/9") }), true},
		{"deny-all spelt out", change(func(u *manager.User) { u.Deny = networks(t, "0.0.0.0/0", "::/0") }), false},
		{"no rules", change(func(u *manager.User) { u.Permit = nil }), false},
		{"a named list", change(func(u *manager.User) { u.NamedACL = "office" }), true},
		{"a note", change(func(u *manager.User) { u.Note = "x" }), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, &manager.Options{ApplyAs: "apply"})
			u := &manager.User{Name: "Apply", Secret: store.NewSecret(goodSecret), Permit: networks(t, "127.0.0.0/8")}
			preset, _ := manager.PresetNamed("apply")
			preset.ApplyTo(u)
			o.make(t, u)
			o.make(t, &manager.User{Name: "other"})
			before := o.stored(t, "apply")
			require.NoError(t, o.Delete(t.Context(), "other"), "others may go")
			err := test.act(t, o)
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrInUse)
			require.EqualError(t, err, "this AMI account is still needed by the apply of the configuration, as apply")
			require.Equal(t, before, o.stored(t, "apply"))
		})
	}
}

func TestTheAccountOfTheApply_isNotAskedForWhatItNeverHad(t *testing.T) {
	t.Parallel()
	o := newOffice(t, &manager.Options{ApplyAs: "apply"})
	o.make(t, &manager.User{Name: "apply", Write: manager.System | manager.Command, Disabled: true})
	set := func(write manager.Privileges) error {
		_, err := o.Update(t.Context(), "apply", func(u *manager.User) error {
			u.Write = write
			return nil
		})
		return err
	}
	require.NoError(t, set(manager.System|manager.Command|manager.Call))
	require.ErrorIs(t, set(manager.Command), store.ErrInUse, "System did what Config does for others")
	require.NoError(t, set(manager.Config|manager.Command|manager.Reporting))
	require.ErrorIs(t, set(manager.System|manager.Command), store.ErrInUse)
	_, err := o.Enable(t.Context(), "apply")
	require.NoError(t, err)
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

func TestUpdatesOfOneAccountLoseNothing(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().Managers(), nil)
	_, err := service.Create(t.Context(), &manager.User{Name: "crm"})
	require.NoError(t, err)
	const writers, each = 8, 25
	var group sync.WaitGroup
	failures := make(chan error, writers*each)
	for range writers {
		group.Go(func() {
			for range each {
				_, err := service.Update(t.Context(), "crm", func(u *manager.User) error {
					u.WriteTimeout++
					return nil
				})
				failures <- err
			}
		})
	}
	group.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
	u, err := service.Get(t.Context(), "crm")
	require.NoError(t, err)
	require.Equal(t, manager.DefaultWriteTimeout+writers*each, u.WriteTimeout)
}

func TestOneOfManyCreatesOfANameWins(t *testing.T) {
	t.Parallel()
	service := manager.New(memstore.New().Managers(), nil)
	var group sync.WaitGroup
	outcomes := make(chan error, 16)
	for i := range cap(outcomes) {
		group.Go(func() {
			_, err := service.Create(t.Context(), &manager.User{Name: []string{"crm", "CRM"}[i%2]})
			outcomes <- err
		})
	}
	group.Wait()
	close(outcomes)
	won := 0
	for err := range outcomes {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, store.ErrExists)
	}
	require.Equal(t, 1, won)
}
