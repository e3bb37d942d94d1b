package dirsync

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/username"
)

const (
	msgLeft   = "the username is in use by a user who has left the directory; link that user to this entry, or delete that user"
	msgLeaver = "the username is in use by a user who has left the directory; delete that user, and sync again"
	msgLocal  = "the username is in use by a user outside this directory; link that user to this entry, or rename one of the two"
)

// AdoptFunc sets the step of an entry so that it takes over the record of owner, who has
// left the directory. It fails the entry if that is not possible.
type AdoptFunc func(ctx context.Context, e *Entry, owner *User) error

// adoptLeavers finds the entries of new users whose username a user has who has left.
// It links the two if the options say so, and fails the other entries.
func (p *Plan) adoptLeavers(ctx context.Context) error {
	owners := p.uniqueOwners()
	for _, e := range p.entries {
		if e.Step == nil || e.Step.Action != Create {
			continue
		}
		owner := owners.usernames[username.Fold(e.Username)]
		if owner == nil || !p.isAdoptable(owner) {
			continue
		}
		if p.opts.Adopt == nil || !owner.hasLeft() {
			e.offer(msgLeft)
			continue
		}
		if err := p.opts.Adopt(ctx, e, owner); err != nil {
			return err
		}
		if e.Problem == "" {
			owner.moveTo(e)
		}
	}
	return nil
}

// isAdoptable reports whether the user has no entry, or one that is disabled in the
// directory. An administrator may have disabled the user. An entry without an external
// ID may be that of any user.
func (p *Plan) isAdoptable(u *User) bool {
	if u.entry == nil {
		return p.noExternalID == 0 && !u.isDeleted()
	}
	return u.entry.Disabled && u.entry.Problem == ""
}

// moveTo links the user to another entry.
func (u *User) moveTo(e *Entry) {
	if u.entry != nil {
		u.entry.user = nil
	}
	u.entry, u.step, e.user = e, nil, u
}

// offer fails an entry that can be linked to the user with its username.
func (e *Entry) offer(problem string) {
	e.Fail(problem)
	e.adoptable = true
}
