package userman

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// maxSynced bounds how many entries a directory may have.
const maxSynced = 200_000

// errMeanwhile says that the plan is older than the record.
var errMeanwhile = &store.ConflictError{Reason: "this person was changed at the same time; sync again"}

// readDirectory reads all entries and plans what is to be done about each by
// itself.
func (p *syncPlan) readDirectory(ctx context.Context) error {
	var own error // of ours, not of the directory
	err := p.directory.Each(ctx, func(entry Entry) error {
		if p.seen++; p.seen > maxSynced {
			own = &store.ConflictError{Reason: fmt.Sprintf("the directory has more than %d entries; narrow what is read of it", maxSynced)}
		} else {
			own = p.read(ctx, entry)
		}
		return own
	})
	slices.SortFunc(p.entries, func(a, b *syncEntry) int { return strings.Compare(a.externalID, b.externalID) })
	if err != nil && own == nil && ctx.Err() == nil {
		return &DirectoryError{Directory: p.name, Err: err}
	}
	return cmp.Or(own, err, ctx.Err())
}

// read takes an entry in.
func (p *syncPlan) read(ctx context.Context, entry Entry) error {
	id := plain(entry.ExternalID)
	if !isExternalID(id) {
		p.nameless++
		p.problem("", entry.username(), sentence(entry.Problem, "the entry has no usable external ID"))
		return nil
	}
	if earlier := p.byID[id]; earlier != nil {
		const twice = "several entries have this external ID; it must be of one only"
		p.problem(id, entry.username(), twice)
		if earlier.problem == "" {
			earlier.fail(twice)
		}
		return nil
	}
	e := &syncEntry{externalID: id, person: p.people[id]}
	p.entries, p.byID[id] = append(p.entries, e), e
	if e.person != nil {
		e.person.entry = e
		e.username, e.extension = e.person.username, e.person.extension
	}
	if entry.Problem != "" || entry.User == nil {
		e.fail(sentence(entry.Problem, "the directory tells nothing of this entry"))
		return nil
	}
	return p.plan(ctx, e, entry)
}

// plan plans what is to be done about an entry.
func (p *syncPlan) plan(ctx context.Context, e *syncEntry, entry Entry) error {
	owned, ok := findOwned(entry.Owned)
	if !ok {
		return fmt.Errorf("userman: the directory %q says that it owns a field that none can own", p.name)
	}
	word := &syncWord{user: entry.User.Clone(), owned: owned}
	if p.groups != nil {
		word.groups = p.groups.resolve(p, entry.Groups)
	}
	before, err := p.before(ctx, e, word)
	if err != nil || before == nil {
		return err
	}
	after := word.merged(before, p.now)
	after.Groups = nil // they are looked at elsewhere
	wrong, err := p.service.check(ctx, after, before)
	if err != nil {
		return err
	}
	after.Groups = p.groups.after(before, word)
	normalised(after)
	switch err := store.Invalid(wrong...); {
	case err != nil:
		e.fail(err.Error())
	case len(after.Groups) > MaxGroupsOfUser:
		e.fail(fmt.Sprintf("the person would be in more than %d groups", MaxGroupsOfUser))
	default:
		e.propose(before, after, word)
	}
	return nil
}

// before returns the record that is to be changed: that of the person, or of
// somebody new; nil when there is nothing to do.
func (p *syncPlan) before(ctx context.Context, e *syncEntry, word *syncWord) (*User, error) {
	if e.person == nil {
		if word.user.Disabled {
			return nil, nil // nobody is created to be disabled
		}
		word.owned = withUsername(word.owned)
		return startingWith(&User{ExternalID: e.externalID}), nil
	}
	u, err := p.service.store.User(ctx, e.person.id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (!u.DeletedAt.IsZero() || u.Directory != p.name):
		e.fail(errMeanwhile.Reason)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return u, nil
}

// withUsername adds the username, which everybody needs, to what is taken over.
func withUsername(owned []ownedField) []ownedField {
	for _, f := range owned {
		if f.name == fieldUsername {
			return owned
		}
	}
	username, _ := findOwned([]string{fieldUsername})
	return append(username, owned...)
}

// propose plans to make after of before.
func (e *syncEntry) propose(before, after *User, word *syncWord) {
	e.username, e.extension = after.Username, after.DefaultExtension
	step := &syncStep{word: word, SyncStep: SyncStep{Action: SyncCreate, ExternalID: e.externalID, Username: after.Username}}
	if e.person != nil {
		step.id = e.person.id
		step.fewer = len(before.Groups) - len(after.Groups)
		step.Action, step.Fields = syncAction(before, after), differences(before, after)
		if step.Action == SyncUpdate && len(step.Fields) == 0 {
			return
		}
	}
	e.step = step
}

// fail gives the entry up: its person stays as they are.
func (e *syncEntry) fail(problem string) { e.problem, e.step = problem, nil }

// isExternalID reports whether id can be somebody's, see [User].
func isExternalID(id string) bool {
	return id != "" && len(id) <= maxText && utf8.RuneCountInString(id) <= MaxExternalIDLength && validate.PlainLine().Holds(id)
}

// username returns that of an entry, or "" when it has none.
func (e Entry) username() string {
	if e.User == nil {
		return ""
	}
	return e.User.Username
}

// sentence returns what a directory says when it is one line.
func sentence(message, otherwise string) string {
	if message == "" || len(message) > maxText || !validate.PlainLine().Holds(message) {
		return otherwise
	}
	return message
}
