package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/store"
)

const (
	// recoveryCodes is how many are given.
	recoveryCodes = 10
	// qrSize is that of [Enrolment.QR], in pixels.
	qrSize = 256
)

// Enrolment is what an authenticator app has to be given.
type Enrolment struct {
	// Secret is for typing, URL for clicking, and QR, a PNG, for scanning.
	Secret store.Secret
	URL    store.Secret
	QR     []byte
}

// BeginSecondFactor makes a new secret for an authenticator app. It counts
// only after [Service.ConfirmSecondFactor]; a second factor that there is
// already is a [store.ConflictError]: remove it first.
func (s *Service) BeginSecondFactor(ctx context.Context, username string) (*Enrolment, error) {
	secret, err := secondfactor.NewSecret(s.random)
	if err != nil {
		return nil, err
	}
	a, err := s.act(ctx, "begin second factor", username, func(_ context.Context, a *Administrator) error {
		if err := s.ownsOnly(username); err != nil {
			return err
		}
		if a.hasSecondFactor() {
			return &store.ConflictError{Reason: "there is a second factor already; remove it first"}
		}
		a.Credentials.SecondFactor = &SecondFactor{Secret: secret}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.enrolment(a.Username, secret)
}

// PendingSecondFactor returns the enrolment that was begun and not confirmed,
// to be shown again. A [store.NotFoundError] when there is none.
func (s *Service) PendingSecondFactor(ctx context.Context, username string) (*Enrolment, error) {
	if err := s.ownsOnly(username); err != nil {
		return nil, err
	}
	a, err := s.reachable(ctx, username)
	if err != nil {
		return nil, err
	}
	factor := a.Credentials.SecondFactor
	if factor == nil || factor.Confirmed {
		return nil, noPendingFactor()
	}
	return s.enrolment(a.Username, factor.Secret)
}

func noPendingFactor() error {
	return &store.NotFoundError{Kind: "second factor that waits for its first code"}
}

func (s *Service) enrolment(username string, secret store.Secret) (*Enrolment, error) {
	url, err := secondfactor.URL(s.issuer, username, secret)
	if err != nil {
		return nil, err
	}
	qr, err := secondfactor.QR(url, qrSize)
	if err != nil {
		return nil, err
	}
	return &Enrolment{Secret: secret, URL: url, QR: qr}, nil
}

// ConfirmSecondFactor turns the second factor on, given a code of the app,
// and returns ten recovery codes, which are shown this once. A wrong code is a
// [store.InvalidError] on "code"; a second factor that was not begun is a
// [store.NotFoundError].
func (s *Service) ConfirmSecondFactor(ctx context.Context, username, code string) ([]store.Secret, error) {
	return s.giveCodes(ctx, "confirm second factor", username, func(a *Administrator) error {
		factor := a.Credentials.SecondFactor
		if factor == nil || factor.Confirmed {
			return noPendingFactor()
		}
		step, ok := secondfactor.Match(factor.Secret, bounded(code), s.now(), factor.LastStep)
		if !ok {
			return store.Invalid(store.FieldError{
				Field: "code", Code: "wrong", Message: "this is not what the app shows now; check the clock of the device, and type the next code",
			})
		}
		factor.Confirmed, factor.LastStep = true, step
		return nil
	})
}

// NewRecoveryCodes replaces the recovery codes. A [store.ConflictError] when
// there is no second factor.
func (s *Service) NewRecoveryCodes(ctx context.Context, username string) ([]store.Secret, error) {
	return s.giveCodes(ctx, "new recovery codes", username, func(a *Administrator) error {
		if !a.hasSecondFactor() {
			return &store.ConflictError{Reason: "there is no second factor; set one up first"}
		}
		return nil
	})
}

// giveCodes replaces the recovery codes when allowed lets it.
func (s *Service) giveCodes(ctx context.Context, action, username string, allowed func(a *Administrator) error) ([]store.Secret, error) {
	codes, hashes, err := secondfactor.RecoveryCodes(s.random, recoveryCodes)
	if err != nil {
		return nil, err
	}
	_, err = s.act(ctx, action, username, func(_ context.Context, a *Administrator) error {
		if err := s.ownsOnly(username); err != nil {
			return err
		}
		if err := allowed(a); err != nil {
			return err
		}
		a.Credentials.SecondFactor.RecoveryHashes = hashes
		return nil
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// RemoveSecondFactor makes the password enough again. It is no error when
// there is none.
func (s *Service) RemoveSecondFactor(ctx context.Context, username string) (*Administrator, error) {
	return s.act(ctx, "remove second factor", username, func(_ context.Context, a *Administrator) error {
		a.Credentials.SecondFactor = nil
		return nil
	})
}
