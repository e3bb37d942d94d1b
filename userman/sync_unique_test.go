package userman_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	msgTaken     = " is already in use by a user outside this directory"
	msgKept      = " is already in use by another user of this directory"
	msgDuplicate = " is not unique in the directory"
)

func TestService_Sync_reportsDuplicateEntries(t *testing.T) {
	t.Parallel()
	const twice = "duplicate external ID in the directory"
	for _, test := range []struct {
		name    string
		entries []userman.DirectoryEntry
		want    []string
	}{
		{
			"external ID", []userman.DirectoryEntry{newEntry("id-1", "renamed", ""), newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002")},
			[]string{"id-1: " + twice, "id-1: " + twice},
		},
		{
			"username", []userman.DirectoryEntry{newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "JANE", "")},
			[]string{"id-1: the username" + msgDuplicate, "id-3: the username" + msgDuplicate},
		},
		{
			"of three", []userman.DirectoryEntry{newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "x1", "1003"), newEntry("id-4", "x1", ""), newEntry("id-5", "X1", "1003")},
			[]string{"id-3: the username" + msgDuplicate, "id-4: the username" + msgDuplicate, "id-5: the username" + msgDuplicate},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"))
			h.sync(t)
			d.setEntries(test.entries...)
			r := h.trySync(t)
			require.Empty(t, r.Steps)
			require.Equal(t, test.want, problems(r))
			require.Equal(t, "1001", h.get(t, "jane").DefaultExtension)
			require.Equal(t, "1002", h.get(t, "john").DefaultExtension)
		})
	}
}

// Only the username is essential: a taken extension must not keep a user out.
func TestService_Sync_leavesOutTakenExtensions(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "joan", "1003"))
	h.sync(t)
	h.createUser(t, newUser("local", "2001"), "")
	d.setEntries(
		newEntry("id-1", "jane", "1002"), newEntry("id-2", "johnny", "1002"), newEntry("id-3", "joan", "2001"),
		newEntry("id-4", "new", "2001"), newEntry("id-5", "newer", "1003"), newEntry("id-6", "first", "3001"), newEntry("id-7", "second", "3001"),
	)
	r := h.trySync(t)
	require.Equal(t, []string{"update johnny username", "create first", "create new", "create newer", "create second"}, steps(r))
	require.Empty(t, r.Problems)
	const extension = ": the default extension"
	require.Equal(t, []string{
		"id-1" + extension + msgDuplicate, "id-3" + extension + msgDuplicate, "id-4" + extension + msgDuplicate, "id-5" + extension + msgKept,
		"id-6" + extension + msgDuplicate, "id-7" + extension + msgDuplicate,
	}, messages(r.Warnings))
	for username, want := range map[string]string{"jane": "1001", "johnny": "1002", "joan": "1003", "new": "", "newer": "", "first": "", "second": ""} {
		require.Equal(t, want, h.get(t, username).DefaultExtension, username)
	}
	require.Empty(t, h.trySync(t).Steps)
	h.requireAuditIntact(t)
}

// A swap of usernames must not lose what the directory does not manage.
func TestService_Sync_swapKeepsUnmanagedExtensions(t *testing.T) {
	t.Parallel()
	entry := func(externalID, username string) userman.DirectoryEntry {
		e := newEntry(externalID, username, "")
		e.ManagedFields = []string{"username"}
		return e
	}
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(entry("id-1", "john"), entry("id-2", "jane"))
	require.Equal(t, []string{"update jane username", "update john username"}, steps(h.sync(t)))
	require.Equal(t, "1001", h.get(t, "john").DefaultExtension)
	require.Empty(t, h.get(t, "jane").DefaultExtension)
}

func TestService_Sync_reportsValuesInUse(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "joan", ""))
	h.sync(t)
	h.createUser(t, newUser("kept.here", "2001"), "")
	before := map[string]*userman.User{"jane": h.get(t, "jane"), "john": h.get(t, "john"), "kept.here": h.get(t, "kept.here")}

	d.setEntries(
		newEntry("id-1", "Kept.Here", "1001"),                                     // a person who is kept here
		newEntry("id-2", "jane", "1002"),                                          // somebody who cannot give it up
		userman.DirectoryEntry{ExternalID: "id-3", Problem: "the mail is broken"}, // keeps what it has
		newEntry("id-5", "joan", ""),
	)
	r := h.trySync(t)
	require.Empty(t, r.Steps)
	require.Equal(t, []string{
		"id-1: the username" + msgTaken, "id-2: the username" + msgKept, "id-3: the mail is broken", "id-5: the username" + msgKept,
	}, problems(r))
	for username, prev := range before {
		require.Equal(t, prev, h.get(t, username))
	}
}

func TestService_Sync_swapsUniqueValues(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{}
			h := newServiceWithDB(t, open(t), "", withDirectory(d))
			d.setEntries(
				newEntry("swap-1", "anna", "1001"), newEntry("swap-2", "bert", "1002"),
				newEntry("ring-1", "carl", "1003"), newEntry("ring-2", "dora", "1004"), newEntry("ring-3", "emil", "1005"),
				newEntry("line-1", "fred", ""), newEntry("line-2", "gina", ""), newEntry("line-3", "hans", ""),
			)
			h.sync(t)
			d.setEntries(
				newEntry("swap-1", "bert", "1002"), newEntry("swap-2", "anna", "1001"),
				newEntry("ring-1", "dora", "1003"), newEntry("ring-2", "ring", "1005"), newEntry("ring-3", "emil", "1004"),
				newEntry("line-1", "gina", ""), newEntry("line-2", "hans", ""), newEntry("line-3", "iris", ""), newEntry("line-4", "fred", ""),
			)
			r := h.sync(t)
			require.Equal(t, []string{
				"update iris username", "update hans username", "update gina username",
				"update anna default_extension username", "update bert default_extension username",
				"update dora username", "update emil default_extension", "update ring default_extension username",
				"create fred",
			}, steps(r), "a line one by one, rings together, and who is new at the end")
			for username, id := range map[string]string{
				"bert": "swap-1", "anna": "swap-2", "dora": "ring-1", "ring": "ring-2", "emil": "ring-3",
				"gina": "line-1", "hans": "line-2", "iris": "line-3", "fred": "line-4",
			} {
				require.Equal(t, id, h.get(t, username).ExternalID)
			}
			require.Equal(t, "1005", h.get(t, "ring").DefaultExtension)
			require.Empty(t, h.sync(t).Steps)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Sync_reusesValuesOfDeletedUsersOnly(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(newEntry("id-2", "jane", "1001"))
	r := h.trySync(t)
	require.Equal(t, []string{"disable jane"}, steps(r))
	require.Equal(t, []string{"id-2: " + msgLeaver}, problems(r))
	h.clock.Advance(10_000 * 3600e9)
	require.Equal(t, []string{"delete jane", "update jane default_extension username"}, steps(h.sync(t)))
	require.Equal(t, "id-2", h.get(t, "jane").ExternalID)
}

func TestService_Sync_keepsReferencedUsers(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{}
	needed := true
	h := newService(t, withDirectory(d), func(o *userman.Options) {
		o.References = append(o.References, func(_ context.Context, u *userman.User) ([]store.Reference, error) {
			if needed && u.Username == "jane" {
				return []store.Reference{{Kind: "call flow", Key: "sales"}}, nil
			}
			return nil, nil
		})
	})
	d.setEntries(newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(newEntry("id-2", "john", "1001"))
	h.trySync(t)
	h.clock.Advance(10_000 * 3600e9)
	r := h.trySync(t)
	require.Empty(t, r.Steps)
	require.Equal(t, []string{"id-1: this user is needed by call flow sales"}, problems(r))
	require.Equal(t, []string{"id-2: the default extension" + msgKept}, messages(r.Warnings), "it is not free")
	needed = false
	require.Equal(t, []string{"delete jane", "update john default_extension"}, steps(h.sync(t)))
}

func TestService_Sync_invalidExternalIDPreventsRemovals(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	h.sync(t)
	for _, id := range []string{"", " ", "a\x00b", "a\nb", string([]byte{0xff}), strings.Repeat("x", 751)} {
		d.setEntries(newEntry("id-1", "jane", ""), newEntry(id, "x\x1b[2J", ""))
		r := h.trySync(t)
		require.Empty(t, r.Steps)
		require.Equal(t, []userman.SyncProblem{
			{Message: "some entries have no valid external ID, so missing users cannot be determined; no user was disabled or deleted"},
			{Message: "the entry has no valid external ID"},
		}, r.Problems)
	}
	d.setEntries(newEntry("id-1", "jane", ""))
	require.Equal(t, []string{"disable john"}, steps(h.sync(t)))
}

func TestService_Sync_invalidEntryKeepsUserUnchanged(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"))
	h.sync(t)
	before := h.get(t, "jane")
	for name, change := range map[string]func(*userman.DirectoryEntry){
		"username":        func(e *userman.DirectoryEntry) { e.User.Username = "*)(uid=*" },
		"the directory":   func(e *userman.DirectoryEntry) { e.User = nil },
		"a problem of it": func(e *userman.DirectoryEntry) { e.Problem, e.User.Username = "a problem of it", "marker" },
	} {
		bad := newEntry("id-1", "marker", "")
		change(&bad)
		d.setEntries(bad, newEntry("id-2", "new."+strings.ReplaceAll(name, " ", ""), ""))
		r := h.trySync(t)
		require.Len(t, r.Problems, 1)
		require.True(t, strings.HasPrefix(r.Problems[0].Message, name), r.Problems[0].Message)
		require.Equal(t, "jane", r.Problems[0].Username)
		require.NotContains(t, r.Problems[0].Message, "marker")
		require.Equal(t, "id-2", h.get(t, "new."+strings.ReplaceAll(name, " ", "")).ExternalID, "others go on")
		require.Equal(t, before, h.get(t, "jane"))
	}
}

// A bad display value must not keep a user out, nor the other fields.
func TestService_Sync_leavesOutInvalidFields(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"))
	h.sync(t)
	for name, change := range map[string]func(*userman.DirectoryEntry){
		"email":             func(e *userman.DirectoryEntry) { e.User.Email = "marker\r\nBcc: all@example.com" },
		"last_name":         func(e *userman.DirectoryEntry) { e.User.LastName = strings.Repeat("x", 101) },
		"default_extension": func(e *userman.DirectoryEntry) { e.User.DefaultExtension = "marker" },
		"work_phone: the attribute telephoneNumber has several values": func(e *userman.DirectoryEntry) {
			e.ManagedFields = []string{"email", "last_name", "username"}
			e.Warnings = []userman.DirectoryWarning{{Field: "work_phone", Message: "the attribute telephoneNumber has several values"}}
		},
	} {
		old, created := newEntry("id-1", "jane."+name[:3], "1001"), newEntry("id-"+name, "new."+name[:3], "")
		change(&old)
		change(&created)
		d.setEntries(old, created)
		r := h.trySync(t)
		require.Empty(t, r.Problems, name)
		require.Len(t, r.Warnings, 2, name)
		for _, w := range r.Warnings {
			require.True(t, strings.HasPrefix(w.Message, name), w.Message)
			require.NotContains(t, w.Message, "marker")
		}
		require.Equal(t, "1001", h.get(t, "jane."+name[:3]).DefaultExtension, name)
		require.Equal(t, "id-"+name, h.get(t, "new."+name[:3]).ExternalID, name)
		require.Empty(t, h.trySync(t).Steps, name)
	}
}

// A directory full of faults must not make the report endless.
func TestService_Sync_limitsWarnings(t *testing.T) {
	t.Parallel()
	entries := make([]userman.DirectoryEntry, userman.MaxSyncWarnings/2+1)
	for i := range entries {
		entries[i] = newEntry(fmt.Sprintf("id-%04d", i), fmt.Sprintf("user%04d", i), "")
		entries[i].Warnings = []userman.DirectoryWarning{{Field: "title", Message: "was cut"}, {Field: "fax", Message: "one\nline\ntoo many"}}
	}
	h, _ := newSyncedService(t, entries...)
	r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{DryRun: true})
	require.NoError(t, err)
	require.Len(t, r.Warnings, userman.MaxSyncWarnings)
	require.Equal(t, 2, r.MoreWarnings)
	require.Equal(t, []userman.SyncProblem{
		{ExternalID: "id-0000", Username: "user0000", Message: "the directory gave no reason for a warning"},
		{ExternalID: "id-0000", Username: "user0000", Message: "title: was cut"},
	}, r.Warnings[:2])
}

func TestService_Sync_rejectsUnmanageableFields(t *testing.T) {
	t.Parallel()
	e := newEntry("id-1", "jane", "")
	for _, field := range []string{"permissions", "groups", "disabled", "id", ""} {
		e.ManagedFields = []string{"username", field}
		h, _ := newSyncedService(t, e)
		_, err := h.Sync(t.Context(), branchDirectory, nil)
		require.ErrorContains(t, err, "owns a field that none can own")
	}
}

// A directory allows apostrophes and blanks in login names.
func TestService_Sync_derivesUsernames(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "O'Neil", "1001"), newEntry("id-2", "Jane  Doe", ""), newEntry("id-3", "svc$", ""))
	r := h.trySync(t)
	require.Equal(t, []string{"create Jane.Doe", "create ONeil"}, steps(r))
	require.Len(t, r.Problems, 1)
	require.Contains(t, r.Problems[0].Message, "username")
	require.Empty(t, h.trySync(t).Steps, "the same names lead to the same users")

	d.setEntries(newEntry("id-1", "O'Neil", "1001"), newEntry("id-2", "Jane Doe", ""), newEntry("id-4", "jane.doe", ""))
	r = h.trySync(t)
	require.Empty(t, r.Steps)
	require.Equal(t, []string{"id-2: the username" + msgDuplicate, "id-4: the username" + msgKept}, problems(r), "the exact name is not refused as a duplicate")
	require.Equal(t, "id-2", h.get(t, "jane.doe").ExternalID)

	d.setEntries(newEntry("id-5", "d'Arcy", ""), newEntry("id-6", "d’arcy", ""), newEntry("id-7", "mary ann", ""), newEntry("id-8", "mary.ann", ""))
	r = h.trySync(t)
	require.Contains(t, steps(r), "create mary.ann")
	require.Equal(t, "id-8", h.get(t, "mary.ann").ExternalID, "who has the exact name gets it")
	require.Equal(t, []string{
		"id-5: the username" + msgDuplicate, "id-6: the username" + msgDuplicate, "id-7: the username" + msgDuplicate,
	}, problems(r))
	h.requireAuditIntact(t)
}

// newEntryAt returns an entry with that email.
func newEntryAt(externalID, username, extension, email string) userman.DirectoryEntry {
	e := newEntry(externalID, username, extension)
	e.User.Email = email
	return e
}

const msgLogin = " is already the login name of another user"

// An entry whose mail is the login of another user must not take it, and must not be
// kept out for it.
func TestService_Sync_leavesOutEmailsThatAreLoginNames(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{}
	h := newService(t, withDirectory(d), allLoginNames)
	h.createUser(t, newUserAt("p500@example.com", "", "2001"), goodPassword)
	h.createUser(t, newUserAt("local", "local@exämple.net", "2002"), goodPassword)
	d.setEntries(
		newEntryAt("id-1", "jane", "1001", "P500@example.com"), newEntryAt("id-2", "john", "1002", "local@xn--exmple-cua.net"),
		newEntryAt("id-3", "joan", "1003", "sales@example.com"), newEntryAt("id-4", "june", "1004", "Sales@example.com"),
		newEntryAt("id-5", "jack", "1005", "jill@example.com"), newEntryAt("id-6", "jill@example.com", "1006", "jill@example.com"),
	)
	want := []string{"id-1: the email" + msgLogin, "id-2: the email" + msgLogin, "id-4: the email" + msgLogin, "id-5: the email" + msgLogin}
	for _, planned := range []bool{true, false} {
		r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{DryRun: planned})
		require.NoError(t, err)
		require.Equal(t, []string{"create jack", "create jane", "create jill@example.com", "create joan", "create john", "create june"}, steps(r))
		require.Empty(t, r.Problems)
		require.Equal(t, want, messages(r.Warnings))
	}
	for username, email := range map[string]string{"jane": "", "john": "", "joan": "sales@example.com", "june": "", "jack": "", "jill@example.com": "jill@example.com"} {
		require.Equal(t, email, h.get(t, username).Email, username)
	}
	r := h.trySync(t)
	require.Empty(t, r.Steps, "it is reported, and tried no more")
	require.Equal(t, want, messages(r.Warnings))
	require.Equal(t, "p500@example.com", h.logIn(t, "p500@example.com", goodPassword).User.Username)

	// An email that is free is taken over, and another field changes all the same.
	h.update(t, "local", func(u *userman.User) { u.Email = "" })
	changed := newEntryAt("id-1", "jane", "1001", "p500@example.com")
	changed.User.LastName = "Roe"
	d.setEntries(
		changed, newEntryAt("id-2", "john", "1002", "local@example.net"), newEntryAt("id-3", "joan", "1003", "joan@example.com"),
		newEntryAt("id-4", "june", "1004", "sales@example.com"), newEntryAt("id-5", "jack", "1005", ""), newEntryAt("id-6", "jill@example.com", "1006", "jill@example.com"),
	)
	r = h.trySync(t)
	require.Equal(t, []string{"update jane last_name", "update joan email", "update john email"}, steps(r))
	require.Equal(t, []string{"id-1: the email" + msgLogin, "id-4: the email" + msgLogin}, messages(r.Warnings))
	require.Equal(t, []string{"update june email"}, steps(h.trySync(t)), "joan had it in the last sync")
	h.requireAuditIntact(t)
}

func TestService_Sync_usernamesAndExtensionsRespectLoginNames(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{}
	h := newService(t, withDirectory(d), allLoginNames)
	h.createUser(t, newUserAt("local", "jane@example.com", "2001"), goodPassword)
	h.createUser(t, newUser("1002"), goodPassword)
	d.setEntries(newEntry("id-1", "jane@example.com", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "1003", "1003"), newEntry("id-4", "1004", "1005"), newEntry("id-5", "1005", ""))
	r := h.trySync(t)
	require.Equal(t, []string{"create 1003", "create 1004", "create 1005", "create john"}, steps(r))
	require.Equal(t, []string{"id-1: the username" + msgLogin}, problems(r))
	require.Equal(t, []string{"id-2: the default extension" + msgLogin, "id-4: the default extension" + msgLogin}, messages(r.Warnings))
	require.Equal(t, "1003", h.get(t, "1003").DefaultExtension, "it is one's own")
	require.Empty(t, h.trySync(t).Steps)
}

func TestService_Sync_acceptsSharedEmailsThatAreNoLoginNames(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t)
	h.createUser(t, newUserAt("family@example.com", "", "1003"), "")
	d.setEntries(newEntryAt("id-1", "jane", "1001", "family@example.com"), newEntryAt("id-2", "john", "1002", "family@example.com"))
	r := h.sync(t)
	require.Empty(t, r.Warnings)
	require.Equal(t, "family@example.com", h.get(t, "john").Email)
}
