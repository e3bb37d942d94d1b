package login

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Authenticate logs somebody in, or refuses with a [credential.LoginError] or
// what vet refuses with, or, after too many tries, with a
// [store.ThrottledError]. vet is asked once the password is proven, and before
// a code is asked for. An unknown name and a wrong password take the same time
// and get the same answer; somebody whom the records do not hand out is refused
// as the records do, takes that time, too, and is counted as an unknown name.
// Codes of an authenticator app are counted apart from passwords.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first.
func (d *Desk) Authenticate(ctx context.Context, attempt credential.Attempt, vet Vet) (*Login, error) {
	c, err := d.proven(ctx, attempt, vet)
	if err != nil {
		return nil, err
	}
	return d.logIn(ctx, c)
}

// Verify only compares the password, for a service that keeps no session: no
// code is asked for, no device is remembered, and LastLoginAt stays. An
// outdated hash is replaced. The refusals are those of Authenticate and are
// kept in the trail; successes are not, services ask all the time.
//
// Where a service does not know the address, attempt.Source is its name and
// that of whoever logs in, after [throttle.ServicePrefix]: "service:xmpp/jane".
func (d *Desk) Verify(ctx context.Context, attempt credential.Attempt, vet Vet) (*Account, error) {
	c, err := d.proven(ctx, attempt, vet)
	if err != nil {
		return nil, err
	}
	d.opts.Throttle.Succeeded(c.try)
	return c.known, nil
}

// proven returns who is logging in, with a password that is proven.
func (d *Desk) proven(ctx context.Context, attempt credential.Attempt, vet Vet) (*candidate, error) {
	c, err := d.candidate(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if err := d.admit(ctx, c, c.try); err != nil {
		return nil, err
	}
	return c, d.prove(ctx, c, vet)
}

// Confirm ends a login that Authenticate answered with CodeRequired or
// WrongCode: whoever calls vouches that this visitor has proven the password a
// few minutes ago, when the sessions were of that generation. attempt.Password
// is ignored. The refusals are those of Authenticate; WrongPassword means that
// it has to begin again.
func (d *Desk) Confirm(ctx context.Context, attempt credential.Attempt, generation int64, vet Vet) (*Login, error) {
	c, err := d.candidate(ctx, attempt)
	if err != nil {
		return nil, err
	}
	stands := c.known != nil && c.known.Generation == generation
	// Strangers who guess at the password do not keep the owner from giving
	// the code of an app: logIn counts those.
	if !stands || !secondfactor.IsCode(c.Code) {
		if err := d.admit(ctx, c, c.try); err != nil {
			return nil, err
		}
	}
	switch {
	case c.withheld != nil:
		return nil, c.withheld
	case !stands:
		return nil, d.refuse(ctx, c, wrongPassword())
	}
	if err := d.allow(ctx, c, vet); err != nil {
		return nil, err
	}
	return d.logIn(ctx, c)
}
