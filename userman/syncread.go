package userman

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/store/field"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// maxSyncEntries bounds how many entries a directory may have.
const maxSyncEntries = 200_000

// errConcurrentChange says that the plan is older than the record.
var errConcurrentChange = &store.ConflictError{Reason: "this person was changed at the same time; sync again"}

// readDirectory reads all entries and plans what is to be done about each by
// itself.
func (p *syncPlan) readDirectory(ctx context.Context) error {
	var visitErr error // of ours, not of the directory
	err := p.directory.Each(ctx, func(entry DirectoryEntry) error {
		if p.entryCount++; p.entryCount > maxSyncEntries {
			visitErr = &store.ConflictError{Reason: fmt.Sprintf("the directory has more than %d entries; narrow what is read of it", maxSyncEntries)}
		} else {
			visitErr = p.readEntry(ctx, entry)
		}
		return visitErr
	})
	slices.SortFunc(p.entries, func(a, b *syncEntry) int { return strings.Compare(a.externalID, b.externalID) })
	if err != nil && visitErr == nil && ctx.Err() == nil {
		return &DirectoryError{Directory: p.name, Err: err}
	}
	return cmp.Or(visitErr, err, ctx.Err())
}

// readEntry takes an entry in.
func (p *syncPlan) readEntry(ctx context.Context, entry DirectoryEntry) error {
	id := normalizeText(entry.ExternalID)
	if !isExternalID(id) {
		p.noExternalID++
		p.addProblem("", entry.username(), problemText(entry.Problem, "the entry has no usable external ID"))
		return nil
	}
	if earlier := p.byID[id]; earlier != nil {
		const twice = "several entries have this external ID; it must be of one only"
		p.addProblem(id, entry.username(), twice)
		if earlier.problem == "" {
			earlier.fail(twice)
		}
		return nil
	}
	e := &syncEntry{externalID: id, user: p.users[id]}
	p.entries, p.byID[id] = append(p.entries, e), e
	if e.user != nil {
		e.user.entry = e
		e.username, e.extension = e.user.username, e.user.extension
	}
	if entry.Problem != "" || entry.User == nil {
		e.fail(problemText(entry.Problem, "the directory tells nothing of this entry"))
		return nil
	}
	return p.planEntry(ctx, e, entry)
}

// planEntry plans what is to be done about an entry.
func (p *syncPlan) planEntry(ctx context.Context, e *syncEntry, entry DirectoryEntry) error {
	fields, ok := managedFields(entry.ManagedFields)
	if !ok {
		return fmt.Errorf("userman: the directory %q says that it owns a field that none can own", p.name)
	}
	desired := &desiredUser{user: entry.User.Clone(), fields: fields}
	if p.groups != nil {
		desired.groups = p.groups.resolve(p, entry.Groups)
	}
	before, err := p.currentUser(ctx, e, desired)
	if err != nil || before == nil {
		return err
	}
	after := desired.apply(before, p.now)
	after.Groups = nil // they are looked at elsewhere
	errs, err := p.service.validateUser(ctx, after, before)
	if err != nil {
		return err
	}
	after.Groups = p.groups.merge(before, desired)
	normalizeLists(after)
	switch err := store.NewInvalidError(errs...); {
	case err != nil:
		e.fail(err.Error())
	case len(after.Groups) > MaxGroupsPerUser:
		e.fail(fmt.Sprintf("the person would be in more than %d groups", MaxGroupsPerUser))
	default:
		e.setStep(before, after, desired)
	}
	return nil
}

// currentUser returns the record that is to be changed: that of the person, or of
// somebody new; nil when there is nothing to do.
func (p *syncPlan) currentUser(ctx context.Context, e *syncEntry, desired *desiredUser) (*User, error) {
	if e.user == nil {
		if desired.user.Disabled {
			return nil, nil // nobody is created to be disabled
		}
		desired.fields = withUsernameField(desired.fields)
		return clearManaged(&User{ExternalID: e.externalID}), nil
	}
	u, err := p.service.store.User(ctx, e.user.id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (!u.DeletedAt.IsZero() || u.Directory != p.name):
		e.fail(errConcurrentChange.Reason)
		return nil, nil
	case err != nil:
		return nil, err
	}
	return u, nil
}

// withUsernameField adds the username, which everybody needs, to what is taken over.
func withUsernameField(fields []field.Field[User]) []field.Field[User] {
	for _, f := range fields {
		if f.Name == fieldUsername {
			return fields
		}
	}
	username, _ := managedFields([]string{fieldUsername})
	return append(username, fields...)
}

// setStep plans to make after of before.
func (e *syncEntry) setStep(before, after *User, desired *desiredUser) {
	e.username, e.extension = after.Username, after.DefaultExtension
	step := &syncStep{desired: desired, SyncStep: SyncStep{Action: SyncCreate, ExternalID: e.externalID, Username: after.Username}}
	if e.user != nil {
		step.id = e.user.id
		step.removedGroups = len(before.Groups) - len(after.Groups)
		step.Action, step.Fields = syncActionOf(before, after), changedFields(before, after)
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
	return id != "" && len(id) <= maxText && utf8.RuneCountInString(id) <= MaxExternalIDLength && validate.PlainLine().Valid(id)
}

// username returns that of an entry, or "" when it has none.
func (e DirectoryEntry) username() string {
	if e.User == nil {
		return ""
	}
	return e.User.Username
}

// problemText returns what a directory says when it is one line.
func problemText(message, fallback string) string {
	if message == "" || len(message) > maxText || !validate.PlainLine().Valid(message) {
		return fallback
	}
	return message
}
