package userman

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
)

// maxSyncEntries bounds the number of entries of a directory.
const maxSyncEntries = 200_000

// errConcurrentChange reports that a user changed after the sync was planned.
var errConcurrentChange = &store.ConflictError{Reason: "this user was changed at the same time; sync again"}

// syncRun is one sync of a directory.
type syncRun struct {
	service   *Service
	directory Directory
	name      string
	opts      SyncOptions
	now       time.Time

	users  map[string]*dirsync.User // of the directory, by external ID
	groups *dirsync.Groups
	// entries are the entries of the directory, and desired the users that steps
	// change them into, by external ID.
	entries []*dirsync.Entry
	seen    map[string]bool
	desired map[string]*desiredUser
	// usernames are the folded usernames of the users of the directory. candidates are
	// the entries of new users with one of them, and adopted the users who get an entry,
	// both by external ID.
	usernames  map[string]bool
	candidates map[string]DirectoryEntry
	adopted    map[string]*adoptedUser
	plan       *dirsync.Plan
}

// adoptedUser is a user who gets another entry: where the user came from, and whether
// the entry is another account of the same person.
type adoptedUser struct {
	directory, externalID string
	sameUser              bool
}

// planSync reads the directory and plans the sync. If the plan removes too many
// users, planSync returns it with the error.
func (s *Service) planSync(ctx context.Context, d Directory, opts SyncOptions) (*syncRun, error) {
	r := &syncRun{
		service: s, directory: d, name: d.Name(), opts: opts, now: s.now(),
		users: map[string]*dirsync.User{}, seen: map[string]bool{}, desired: map[string]*desiredUser{},
		usernames: map[string]bool{}, candidates: map[string]DirectoryEntry{}, adopted: map[string]*adoptedUser{},
	}
	for _, read := range []func(context.Context) error{r.readGroups, r.readUsers, r.linkUser, r.readDirectory} {
		if err := read(ctx); err != nil {
			return nil, err
		}
	}
	logins, err := s.store.LoginFields(ctx)
	if err != nil {
		return nil, err
	}
	planOpts := dirsync.Options{MaxRemovalRatio: opts.MaxRemovalRatio, DeleteAfter: opts.DeleteAfter, Now: r.now, Lookup: syncLookup{s}, LoginByEmail: logins.Email, LoginByExtension: logins.DefaultExtension}
	if opts.Adopt != AdoptNever {
		planOpts.Adopt = r.adoptLeaver
	}
	r.plan, err = dirsync.NewPlan(ctx, slices.Collect(maps.Values(r.users)), r.entries, planOpts)
	if r.plan == nil {
		return nil, err
	}
	return r, err
}

// readGroups reads the groups if the directory has memberships.
func (r *syncRun) readGroups(ctx context.Context) error {
	if !r.directory.Capabilities().Groups {
		return nil
	}
	groups, _, err := r.service.store.ListGroups(ctx)
	if err != nil {
		return err
	}
	existing := make([]dirsync.Group, len(groups))
	for i, g := range groups {
		existing[i] = dirsync.Group{Name: g.Name, Directory: g.Directory}
	}
	r.groups = dirsync.NewGroups(r.name, existing, MaxGroups, normalizeManagedGroup)
	return nil
}

// normalizeManagedGroup returns the name of a group of a directory in stored form, or
// the problem of an invalid one.
func normalizeManagedGroup(name string) (normalized, problem string) {
	if name = validGroupName(name); name == "" {
		return "", fmt.Sprintf("a group of the directory has a name that cannot be used here, which takes 1 to %d characters of one line; its members are not in it here", MaxGroupNameLength)
	}
	return name, ""
}

// readUsers reads the users of the directory.
func (r *syncRun) readUsers(ctx context.Context) error {
	q := Query{Directory: &r.name, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	for {
		list, err := r.service.store.ListUsers(ctx, q)
		if err != nil {
			return err
		}
		for _, u := range list.Items {
			r.addUser(u, u.ExternalID)
		}
		if q.After = list.Next; q.After == "" {
			return nil
		}
	}
}

// addUser adds a user with that external ID.
func (r *syncRun) addUser(u *User, externalID string) {
	r.usernames[username.Fold(u.Username)] = true
	r.users[externalID] = &dirsync.User{
		ID: u.ID, ExternalID: externalID, Username: u.Username, Extension: u.DefaultExtension,
		Disabled: u.Disabled, MissingSince: u.MissingSince,
		ManagedGroups: len(u.Groups) - len(r.groups.Unmanaged(u.Groups)),
	}
}

// linkUser links the user of [SyncOptions].Adoption to its entry.
func (r *syncRun) linkUser(ctx context.Context) error {
	adoption := r.opts.Adoption
	if adoption == nil {
		return nil
	}
	u, err := r.service.lookup(ctx, adoption.Username)
	if err != nil {
		return err
	}
	externalID, conflict := normalizeText(adoption.ExternalID), ""
	_, configured := r.service.directoryOf(u)
	switch entryUser := r.users[externalID]; {
	case entryUser != nil && entryUser.ID == u.ID:
		conflict = "this user is linked to this entry already"
	case entryUser != nil:
		conflict = "this entry is linked to the user " + entryUser.Username + " already"
	case configured && u.Directory != r.name:
		conflict = "this user comes from the directory " + u.Directory
	}
	if conflict != "" {
		return &store.ConflictError{Reason: conflict}
	}
	if u.Directory == r.name {
		delete(r.users, u.ExternalID)
	}
	r.addUser(u, externalID)
	r.adopted[externalID] = &adoptedUser{u.Directory, u.ExternalID, adoption.SameUser}
	return nil
}

// adoptLeaver is a [dirsync.AdoptFunc].
func (r *syncRun) adoptLeaver(ctx context.Context, e *dirsync.Entry, owner *dirsync.User) error {
	r.users[e.ExternalID] = owner
	r.adopted[e.ExternalID] = &adoptedUser{r.name, owner.ExternalID, r.opts.Adopt == AdoptAsSameUser}
	e.Warnings = nil // of a new user
	return r.compareEntry(ctx, e, r.candidates[e.ExternalID])
}

// limitToAdoption limits the plan to the step of [SyncOptions].Adoption. It returns an
// error if there is no such entry, or if the user still has another one.
func (r *syncRun) limitToAdoption() error {
	externalID := normalizeText(r.opts.Adoption.ExternalID)
	adopted, entry := r.adopted[externalID], r.plan.Entry(externalID)
	if entry == nil {
		return &store.NotFoundError{Kind: KindEntry}
	}
	conflict := ""
	if entry.Disabled {
		conflict = "this entry is disabled in the directory"
	}
	if prior := r.plan.Entry(adopted.externalID); adopted.directory == r.name && prior != nil && !prior.Disabled {
		conflict = "this user still has an entry in the directory; disable or delete that entry first"
	}
	if conflict != "" {
		return &store.ConflictError{Reason: conflict}
	}
	r.plan.Limit(entry)
	return nil
}

// readDirectory reads all entries of the directory.
func (r *syncRun) readDirectory(ctx context.Context) error {
	var visitErr error // ours, not the directory's
	err := r.directory.Each(ctx, func(entry DirectoryEntry) error {
		if len(r.entries) >= maxSyncEntries {
			visitErr = &store.ConflictError{Reason: fmt.Sprintf("the directory has more than %d entries; narrow what is read of it", maxSyncEntries)}
		} else {
			visitErr = r.readEntry(ctx, entry)
		}
		return visitErr
	})
	if err != nil && visitErr == nil && ctx.Err() == nil {
		return &DirectoryError{Directory: r.name, Err: err}
	}
	return cmp.Or(visitErr, err, ctx.Err())
}

// readEntry adds an entry and compares it with its user.
func (r *syncRun) readEntry(ctx context.Context, entry DirectoryEntry) error {
	e := &dirsync.Entry{ExternalID: normalizeText(entry.ExternalID), Username: entry.username()}
	r.entries = append(r.entries, e)
	if !isExternalID(e.ExternalID) {
		e.ExternalID = ""
		e.Fail(problemText(entry.Problem, "the entry has no valid external ID"))
		return nil
	}
	if r.seen[e.ExternalID] {
		return nil // the plan reports it
	}
	r.seen[e.ExternalID] = true
	e.Username = ""
	if user := r.users[e.ExternalID]; user != nil {
		e.Username, e.Extension = user.Username, user.Extension
	}
	if entry.User != nil && entry.User.Disabled {
		// An invalid entry must not leave the user enabled.
		e.Disabled = true
		return nil
	}
	if entry.Problem != "" || entry.User == nil {
		e.Fail(problemText(entry.Problem, "the directory gave no reason"))
		return nil
	}
	if r.users[e.ExternalID] == nil && r.usernames[username.Fold(entry.username())] {
		r.candidates[e.ExternalID] = entry
	}
	return r.compareEntry(ctx, e, entry)
}

// isExternalID reports whether id is a valid [User].ExternalID, and not empty.
func isExternalID(id string) bool {
	return id != "" && len(id) <= maxText && utf8.RuneCountInString(id) <= MaxExternalIDLength && validate.PlainLine().Valid(id)
}

// username returns the username for an entry, without apostrophes and blanks, or "".
func (e DirectoryEntry) username() string {
	if e.User == nil || len(e.User.Username) > maxText {
		return ""
	}
	return username.Derive(e.User.Username)
}

// problemText returns the problem that a directory reports, or fallback if it is not
// one line of text.
func problemText(message, fallback string) string {
	if message == "" || len(message) > maxText || !validate.PlainLine().Valid(message) {
		return fallback
	}
	return message
}
