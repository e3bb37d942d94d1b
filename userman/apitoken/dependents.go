package apitoken

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// dependents implements [userman.Dependents].
type dependents struct{ records }

// Dependents returns the tokens of st for [userman.Options].Dependents: package
// userman disables and deletes them together with their user. Its options are those
// of [New].
func Dependents(st Store, opts *Options) userman.Dependents { return dependents{newRecords(st, opts)} }

// Disable implements [userman.Dependents].
func (d dependents) Disable(ctx context.Context, rec *audit.Recorder, u *userman.User) error {
	return d.each(ctx, u.ID, func(t *Token) error {
		if t.Disabled {
			return nil
		}
		after := t.Clone()
		after.Disabled = true
		if err := d.save(ctx, rec, actionUpdate, t, after, u.Extensions()); err != nil {
			return err
		}
		d.log(ctx, actionUpdate, after)
		return nil
	})
}

// RevokeKeys implements [userman.Dependents]. A token without a key works again after
// [Service.Rotate]; it is disabled, too, so that administrators see it.
func (d dependents) RevokeKeys(ctx context.Context, rec *audit.Recorder, u *userman.User, revoked func(credential.Creator) (bool, error)) (int, error) {
	count := 0
	err := d.each(ctx, u.ID, func(t *Token) error {
		revoke, err := revoked(t.KeyCreator)
		if err != nil || !revoke || t.KeyHash == nil {
			return err
		}
		count++
		after := t.Clone()
		after.KeyHash, after.KeyCreator, after.Disabled = nil, credential.Creator{}, true
		return d.save(ctx, rec, actionRevoke, t, after, u.Extensions())
	})
	return count, err
}

// RecordPurge implements [userman.Dependents].
func (d dependents) RecordPurge(ctx context.Context, rec *audit.Recorder, u *userman.User) error {
	return d.each(ctx, u.ID, func(t *Token) error {
		return rec.Record(ctx, d.changeEvent(rec.Intent.Action, t, nil, u.Extensions()))
	})
}

// RemoveExtension implements [userman.Dependents]. A token without extensions would
// be invalid: it is disabled if it has only this one.
func (d dependents) RemoveExtension(ctx context.Context, rec *audit.Recorder, number string, ownedBy userman.ExtensionLookup) error {
	return d.each(ctx, "", func(t *Token) error {
		if !slices.Contains(t.Extensions, number) {
			return nil
		}
		after := t.Clone()
		if len(after.Extensions) == 1 {
			after.Disabled = true
		} else {
			after.Extensions = slices.DeleteFunc(after.Extensions, func(e string) bool { return e == number })
		}
		extensions, err := ownedBy(ctx, t.UserID)
		if err != nil {
			return err
		}
		return d.save(ctx, rec, rec.Intent.Action, t, after, extensions)
	})
}

// RenumberExtensions implements [userman.Dependents].
func (d dependents) RenumberExtensions(ctx context.Context, rec *audit.Recorder, numbers map[string]string, ownedBy userman.ExtensionLookup) error {
	return d.each(ctx, "", func(t *Token) error {
		after := t.Clone()
		after.Extensions = nil
		for _, e := range t.Extensions {
			if number, ok := numbers[e]; ok {
				e = number
			}
			if !slices.Contains(after.Extensions, e) {
				after.Extensions = append(after.Extensions, e)
			}
		}
		if slices.Equal(after.Extensions, t.Extensions) {
			return nil
		}
		extensions, err := ownedBy(ctx, t.UserID)
		if err != nil {
			return err
		}
		return d.save(ctx, rec, rec.Intent.Action, t, after, extensions)
	})
}

// AuditSource implements [userman.Dependents].
func (d dependents) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: Kind, Team: d.store.Team(), Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return d.each(ctx, "", func(t *Token) error { return visit(audit.TeamKey(d.store.Team(), string(t.ID)), auditState(t)) })
	}}
}
