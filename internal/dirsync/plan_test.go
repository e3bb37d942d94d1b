package dirsync_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/store"
)

// fakeLookup has the owners of usernames outside of the directory, and the problems
// of deletions by user ID.
type fakeLookup struct {
	usernames   map[string]store.UserID
	undeletable map[store.UserID]string
}

func (l fakeLookup) UsernameOwner(_ context.Context, username string) (store.UserID, error) {
	return l.usernames[username], nil
}

func (l fakeLookup) ExtensionOwner(context.Context, string) (store.UserID, error) { return "", nil }

func (l fakeLookup) CheckDelete(_ context.Context, id store.UserID) (string, error) {
	return l.undeletable[id], nil
}

func now() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func newUser(id, username string) *dirsync.User {
	return &dirsync.User{ID: store.UserID(id), ExternalID: id, Username: username}
}

// newUpdate returns an entry that gives a user another username.
func newUpdate(id, username string) *dirsync.Entry {
	return &dirsync.Entry{ExternalID: id, Username: username, Step: &dirsync.Step{
		Action: dirsync.Update, ExternalID: id, UserID: store.UserID(id), Username: username, Fields: []string{"username"},
	}}
}

func newPlan(t *testing.T, lookup fakeLookup, users []*dirsync.User, entries ...*dirsync.Entry) (*dirsync.Plan, error) {
	t.Helper()
	return dirsync.NewPlan(t.Context(), users, entries, dirsync.Options{
		MaxRemovalRatio: 0.5, DeleteAfter: time.Hour, Now: now(), Lookup: lookup,
	})
}

// describe returns the actions and usernames of the batches.
func describe(p *dirsync.Plan) [][]string {
	var all [][]string
	for _, batch := range p.Batches() {
		var steps []string
		for _, step := range batch {
			steps = append(steps, string(step.Action)+" "+step.Username)
		}
		all = append(all, steps)
	}
	return all
}

func TestNewPlan_ordersUpdatesByReleasedNames(t *testing.T) {
	t.Parallel()
	users := []*dirsync.User{newUser("1", "anna"), newUser("2", "ben"), newUser("3", "carl"), newUser("4", "dora")}
	p, err := newPlan(t, fakeLookup{}, users,
		newUpdate("1", "ben"), newUpdate("2", "free"), newUpdate("3", "dora"), newUpdate("4", "carl"))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"update free"}, {"update ben"}, {"update carl", "update dora"}}, describe(p))
	require.Empty(t, p.Problems)
	require.Zero(t, p.Settled())
}

func TestNewPlan_failsEntriesThatNeedTakenNames(t *testing.T) {
	t.Parallel()
	users := []*dirsync.User{newUser("1", "anna"), newUser("2", "ben")}
	p, err := newPlan(t, fakeLookup{usernames: map[string]store.UserID{"outside": "other"}}, users,
		newUpdate("1", "ben"), newUpdate("2", "outside"), newUpdate("3", "same"), newUpdate("4", "SAME"))
	require.NoError(t, err)
	require.Empty(t, p.Steps(), "ben stays, so anna cannot have the name")
	require.Len(t, p.Problems, 4)
	require.Equal(t, 4, p.Settled())
	require.Zero(t, p.Unchanged())
}

func TestNewPlan_removesMissingUsers(t *testing.T) {
	t.Parallel()
	long, recent, blocked := newUser("2", "long"), newUser("3", "recent"), newUser("4", "blocked")
	for _, u := range []*dirsync.User{long, recent, blocked} {
		u.Disabled, u.MissingSince = true, now().Add(-time.Hour)
	}
	recent.MissingSince = now().Add(-time.Minute)
	byHand := newUser("5", "by.hand")
	byHand.Disabled = true
	users := []*dirsync.User{newUser("1", "gone"), long, recent, blocked, byHand}
	p, err := newPlan(t, fakeLookup{undeletable: map[store.UserID]string{"4": "in use"}}, users, &dirsync.Entry{ExternalID: "9"})
	require.NoError(t, err)
	require.Equal(t, [][]string{{"delete long"}, {"disable gone"}}, describe(p))
	require.Equal(t, []dirsync.Problem{{ExternalID: "4", Username: "blocked", Message: "in use"}}, p.Problems)
}

func TestNewPlan_disabledEntriesClaimNothing(t *testing.T) {
	t.Parallel()
	leaver, twice := newUser("1", "leaver"), newUser("2", "same")
	entries := []*dirsync.Entry{
		{ExternalID: "1", Username: "leaver", Disabled: true}, {ExternalID: "2", Username: "same", Disabled: true},
		newUpdate("3", "SAME"), {Problem: "no ID"},
	}
	p, err := newPlan(t, fakeLookup{}, []*dirsync.User{leaver, twice, newUser("3", "other"), newUser("4", "another")}, entries...)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"disable leaver"}, {"disable same"}}, describe(p), "also with an entry without an ID")
	require.Len(t, p.Problems, 3)
	require.Equal(t, "3", p.Problems[2].ExternalID, "the username is not free")
	require.Zero(t, p.Unchanged())
}

func TestNewPlan_leaversReleaseTheirExtension(t *testing.T) {
	t.Parallel()
	leaver, missing, kept := newUser("1", "leaver"), newUser("2", "missing"), newUser("3", "kept")
	leaver.Extension, missing.Extension, kept.Extension = "101", "102", "103"
	leaver.Disabled, leaver.MissingSince = true, now()
	successors := []*dirsync.Entry{newUpdate("7", "seven"), newUpdate("8", "eight"), newUpdate("9", "nine")}
	for i, e := range successors {
		e.Step.Action, e.Step.UserID, e.Extension = dirsync.Create, "", []string{"101", "102", "103"}[i]
	}
	users := []*dirsync.User{leaver, missing, kept, newUser("4", "four"), newUser("5", "five")}
	p, err := newPlan(t, fakeLookup{}, users, append(successors, &dirsync.Entry{ExternalID: "1", Username: "leaver", Disabled: true},
		&dirsync.Entry{ExternalID: "3", Username: "kept"}, &dirsync.Entry{ExternalID: "4"}, &dirsync.Entry{ExternalID: "5"})...)
	require.NoError(t, err)
	require.Equal(t, [][]string{{"update leaver"}, {"disable missing"}, {"create eight"}, {"create nine"}, {"create seven"}}, describe(p))
	require.True(t, p.Steps()[0].ReleasesExtension)
	require.True(t, p.Steps()[1].ReleasesExtension)
	require.Empty(t, p.Problems)
	require.Len(t, p.Warnings, 1, "the extension of a user who is there is not free")
	require.Equal(t, "9", p.Warnings[0].ExternalID)
}

func TestNewPlan_removesNobodyWithUnknownEntries(t *testing.T) {
	t.Parallel()
	p, err := newPlan(t, fakeLookup{}, []*dirsync.User{newUser("1", "gone")}, &dirsync.Entry{Problem: "no ID"})
	require.NoError(t, err)
	require.Empty(t, p.Steps())
	require.Len(t, p.Problems, 2)
}

func TestNewPlan_rejectsTooManyRemovals(t *testing.T) {
	t.Parallel()
	users := []*dirsync.User{newUser("1", "anna"), newUser("2", "ben"), newUser("3", "carl")}
	p, err := newPlan(t, fakeLookup{}, users, &dirsync.Entry{ExternalID: "3", Username: "carl"})
	require.ErrorIs(t, err, store.ErrConflict)
	require.Len(t, p.Steps(), 2, "the plan comes with the error")
	_, err = newPlan(t, fakeLookup{}, []*dirsync.User{newUser("1", "anna")})
	require.ErrorIs(t, err, store.ErrConflict, "the directory is empty")
}
