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

func (l fakeLookup) UsernameOwner(_ context.Context, username string) (dirsync.Owner, error) {
	return dirsync.Owner{ID: l.usernames[username]}, nil
}

func (l fakeLookup) ExtensionOwner(context.Context, string) (dirsync.Owner, error) {
	return dirsync.Owner{}, nil
}

func (l fakeLookup) LoginOwner(context.Context, string) (dirsync.Owner, error) {
	return dirsync.Owner{}, nil
}

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

// newCreation returns an entry of a new user.
func newCreation(id, username string) *dirsync.Entry {
	e := newUpdate(id, username)
	e.Step.Action, e.Step.UserID = dirsync.Create, ""
	return e
}

func TestNewPlan_offersUsersWhoLeft(t *testing.T) {
	t.Parallel()
	there, disabled, byHand := newUser("2", "there"), newUser("3", "disabled"), newUser("5", "by.hand")
	byHand.Disabled = true
	users := []*dirsync.User{newUser("1", "missing"), there, disabled, byHand, newUser("6", "six"), newUser("7", "seven")}
	p, err := newPlan(t, fakeLookup{}, users, newCreation("10", "MISSING"), newCreation("20", "there"), newCreation("30", "disabled"), newCreation("50", "by.hand"),
		&dirsync.Entry{ExternalID: "2", Username: "there2", Problem: "broken"}, &dirsync.Entry{ExternalID: "3", Username: "disabled", Disabled: true},
		&dirsync.Entry{ExternalID: "6"}, &dirsync.Entry{ExternalID: "7"})
	require.NoError(t, err)
	adoptable := map[string]bool{}
	for _, problem := range p.Problems {
		adoptable[problem.ExternalID] = problem.Adoptable
	}
	require.Equal(t, map[string]bool{"10": true, "2": false, "20": false, "30": true, "50": true}, adoptable)
	require.Equal(t, [][]string{{"disable disabled"}, {"disable missing"}}, describe(p))
}

func TestNewPlan_adoptsUsersWhoLeft(t *testing.T) {
	t.Parallel()
	missing, byHand := newUser("1", "missing"), newUser("5", "by.hand")
	byHand.Disabled = true
	adopt := func(_ context.Context, e *dirsync.Entry, owner *dirsync.User) error {
		if e.ExternalID == "40" {
			e.Fail("too many groups")
			return nil
		}
		e.Step = &dirsync.Step{Action: dirsync.Adopt, ExternalID: e.ExternalID, UserID: owner.ID, Username: e.Username}
		return nil
	}
	users := []*dirsync.User{missing, newUser("4", "failing"), byHand}
	p, err := dirsync.NewPlan(t.Context(), users, []*dirsync.Entry{newCreation("10", "missing"), newCreation("40", "failing"), newCreation("50", "by.hand")}, dirsync.Options{
		MaxRemovalRatio: 1, Now: now(), Lookup: fakeLookup{}, Adopt: adopt,
	})
	require.NoError(t, err)
	require.Equal(t, [][]string{{"disable failing"}, {"adopt missing"}}, describe(p), "a user whose adoption fails is disabled")
	require.Len(t, p.Problems, 2)

	require.Nil(t, p.Entry("1"))
	p.Limit(p.Entry("10"))
	require.Equal(t, [][]string{{"adopt missing"}}, describe(p))
	require.Empty(t, p.Problems)
}

func TestNewPlan_exactUsernamesTakePrecedence(t *testing.T) {
	t.Parallel()
	derived := newCreation("1", "oneil")
	derived.Derived = true
	p, err := newPlan(t, fakeLookup{}, nil, derived, newCreation("2", "ONEIL"))
	require.NoError(t, err)
	require.Equal(t, [][]string{{"create ONEIL"}}, describe(p))
	require.Equal(t, []dirsync.Problem{{ExternalID: "1", Username: "oneil", Message: "the username is not unique in the directory"}}, p.Problems)
}
