package userman

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/dirsync"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
)

// run carries out the plan, each batch in its own transaction. It reports a domain
// error as a problem and stops at any other error.
func (p *syncRun) run(ctx context.Context) (*SyncReport, error) {
	report := p.newReport()
	defer report.sort()
	if err := p.createGroups(ctx, report); err != nil {
		return report, err
	}
	done := p.plan.Settled()
	p.opts.Progress(done)
	for _, batch := range p.plan.Batches() {
		err := p.runBatch(ctx, batch)
		if err != nil && !isDomainError(err) {
			return report, err
		}
		for _, step := range batch {
			report.add(step, err)
		}
		done += len(batch)
		p.opts.Progress(done)
	}
	return report, nil
}

// add reports a step that succeeded or failed.
func (r *SyncReport) add(step *dirsync.Step, err error) {
	if err == nil {
		r.Steps = append(r.Steps, newSyncStep(step))
		return
	}
	r.Problems = append(r.Problems, SyncProblem{ExternalID: step.ExternalID, Username: step.Username, Message: err.Error()})
}

// createGroups creates the missing groups. If a group appeared at the same time, the
// steps that use it fail, unless it is a group of the directory.
func (p *syncRun) createGroups(ctx context.Context, report *SyncReport) error {
	for _, name := range p.groups.ToCreate(p.plan.Steps()) {
		_, err := p.service.createGroup(ctx, "sync create", &Group{Name: name}, func(g *Group) { g.Directory = p.name })
		switch {
		case err == nil:
			report.Groups = append(report.Groups, name)
		case !isDomainError(err):
			return err
		}
	}
	return nil
}

// runBatch carries out the steps of a batch together.
func (p *syncRun) runBatch(ctx context.Context, batch []*dirsync.Step) error {
	if len(batch) == 1 {
		return p.runStep(ctx, batch[0])
	}
	s := p.service
	return s.audit.Do(ctx, s.store, s.AuditEvent(ctx, "sync update", batch[0].Username), func(ctx context.Context, r *audit.Recorder) error {
		for _, step := range batch {
			if err := p.releaseUnique(ctx, r, step); err != nil {
				return err
			}
		}
		for _, step := range batch {
			if err := p.runStep(ctx, step); err != nil {
				return err
			}
		}
		return nil
	})
}

// releaseUnique frees the username and the extension of the user of a step, for the
// other steps of its batch. It records that, because a name in the audit log means
// one user at a time.
func (p *syncRun) releaseUnique(ctx context.Context, r *audit.Recorder, step *dirsync.Step) error {
	before, err := p.service.findByID(ctx, step.UserID)
	if err != nil {
		return err
	}
	after := before.Clone()
	if slices.Contains(step.Fields, fieldUsername) {
		after.Username = "renaming-" + string(before.ID)
	}
	if slices.Contains(step.Fields, fieldDefaultExtension) {
		after.DefaultExtension = ""
	}
	return p.service.save(ctx, r, "sync "+string(step.Action), before, after)
}

// runStep carries out one step.
func (p *syncRun) runStep(ctx context.Context, step *dirsync.Step) error {
	s, action, desired := p.service, "sync "+string(step.Action), p.desired[step.ExternalID]
	if step.KeepsExtension {
		desired = desired.without(fieldDefaultExtension)
	}
	if step.KeepsEmail {
		desired = desired.without(fieldEmail)
	}
	var err error
	switch {
	case step.Action == dirsync.Create:
		err = p.create(ctx, action, step, desired)
	case step.Action == dirsync.Adopt:
		err = p.adopt(ctx, action, step, desired)
	case desired != nil:
		_, err = s.mutateByID(ctx, action, step.UserID, func(ctx context.Context, u *User) error { return p.update(ctx, step, desired, u) })
	case step.Action == dirsync.Delete:
		_, err = s.mutateByID(ctx, action, step.UserID, func(ctx context.Context, u *User) error { return p.softDelete(ctx, u) })
	default:
		_, err = s.mutateByID(ctx, action, step.UserID, func(_ context.Context, u *User) error { return p.removeUser(step, u) })
	}
	return err
}

// create creates a user as [Service.Create] does.
func (p *syncRun) create(ctx context.Context, action string, step *dirsync.Step, desired *desiredUser) error {
	u := desired.apply(&User{ExternalID: step.ExternalID})
	u.Groups = step.Groups
	creation, err := p.service.prepareCreate(ctx, action, NewUser{User: u}, func(u *User) { u.Directory, u.EmailCreator = p.name, credential.Creator{} })
	if err != nil {
		return err
	}
	return p.service.audit.Do(ctx, p.service.store, creation.intent, func(ctx context.Context, _ *audit.Recorder) error {
		if err := p.checkGroupOwnership(ctx, nil, u.Groups); err != nil {
			return err
		}
		_, err := creation.commit(ctx)
		return err
	})
}

// update applies the directory's fields and groups to u in the transaction of ctx.
func (p *syncRun) update(ctx context.Context, step *dirsync.Step, desired *desiredUser, u *User) error {
	if !p.isPlanned(u, step.ExternalID) {
		return errConcurrentChange
	}
	if adopted := p.adopted[step.ExternalID]; adopted != nil {
		p.handOver(u, adopted.sameUser)
		u.Directory, u.ExternalID = p.name, step.ExternalID
	}
	after := desired.apply(u)
	after.Groups = p.groups.Merge(u.Groups, step.Groups)
	if err := p.checkGroupOwnership(ctx, u.Groups, after.Groups); err != nil {
		return err
	}
	errs, err := p.service.validateUser(ctx, after, u)
	if err != nil {
		return err
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return err
	}
	*u = *normalizeLists(after)
	return nil
}

// adopt links the user of a step to its entry. The API tokens of a predecessor end, also
// for an administrator who enables one again.
func (p *syncRun) adopt(ctx context.Context, action string, step *dirsync.Step, desired *desiredUser) error {
	s, sameUser := p.service, p.adopted[step.ExternalID].sameUser
	return s.audit.Do(ctx, s.store, s.AuditEvent(ctx, action, step.Username), func(ctx context.Context, r *audit.Recorder) error {
		after, err := s.mutateByID(ctx, action, step.UserID, func(ctx context.Context, u *User) error {
			if err := p.update(ctx, step, desired, u); err != nil || sameUser {
				return err
			}
			return s.store.PutPicture(ctx, u.ID, nil)
		})
		if err != nil || sameUser {
			return err
		}
		return s.eachDependents(func(d Dependents) error {
			if _, err := d.RevokeKeys(ctx, r, after, func(credential.Creator) (bool, error) { return true, nil }); err != nil {
				return err
			}
			return d.Disable(ctx, r, after)
		})
	})
}

// isPlanned reports whether u is the user of the entry, as when the sync was planned.
func (p *syncRun) isPlanned(u *User, externalID string) bool {
	directory, planned := p.name, externalID
	if adopted := p.adopted[externalID]; adopted != nil {
		directory, planned = adopted.directory, adopted.externalID
	}
	return u.DeletedAt.IsZero() && u.Directory == directory && u.ExternalID == planned
}

// handOver ends what must not pass to another entry, see [Adoption].
func (p *syncRun) handOver(u *User, sameUser bool) *User {
	u.endSessions()
	u.Credentials.Invitation, u.Credentials.Devices, u.Activation = nil, nil, nil
	if p.directory.Capabilities().Authenticate {
		u.Credentials.PasswordHash, u.PasswordChangedAt, u.MustChangePassword = store.Secret{}, time.Time{}, false
	}
	if sameUser {
		return u
	}
	u.Credentials, u.Picture, u.MustChangePassword = credential.Credentials{}, "", false
	for _, at := range []*time.Time{&u.PasswordChangedAt, &u.LastLoginAt, &u.WelcomedAt} {
		*at = time.Time{}
	}
	for _, f := range Fields().Fields() {
		if f.Directory && f.Format != field.FormatUsername && f.Format != field.FormatExtension {
			f.Copy(u, &User{})
		}
	}
	return u
}

// checkGroupOwnership returns an error if one of the added groups is not managed by
// the directory. It reads them in the transaction of ctx.
func (p *syncRun) checkGroupOwnership(ctx context.Context, before, after []string) error {
	for _, name := range after {
		if slices.Contains(before, name) {
			continue
		}
		g, err := p.service.store.Group(ctx, name)
		if err != nil {
			return err
		}
		if g.Directory != p.name {
			return &store.ConflictError{Reason: fmt.Sprintf("the group %s was created here at the same time; rename one of the two, and sync again", g.Name)}
		}
	}
	return nil
}

// removeUser disables a user who has left, and takes the extension from the user if
// another one needs it.
func (p *syncRun) removeUser(step *dirsync.Step, u *User) error {
	if u.Directory != p.name || u.Disabled != (step.Action == dirsync.Update) {
		return errConcurrentChange
	}
	if step.Action == dirsync.Disable {
		u.markMissing(p.now)
	}
	if step.ReleasesExtension {
		u.DefaultExtension = ""
	}
	return nil
}

// softDelete deletes a user who has been missing for long, in the transaction of ctx.
func (p *syncRun) softDelete(ctx context.Context, u *User) error {
	if u.Directory != p.name || !u.Disabled || u.MissingSince.IsZero() || p.now.Before(u.MissingSince.Add(p.opts.DeleteAfter)) {
		return errConcurrentChange
	}
	return p.service.softDelete(ctx, u)
}
