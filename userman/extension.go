package userman

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// NewExtension describes a new extension and its user.
type NewExtension struct {
	// Number is 1 to 20 digits.
	Number string
	// DisplayName and Email are copied to a new user.
	DisplayName string
	Email       string
	// Username is the username of a new user. Defaults to Number.
	Username string
	// Password is the password of a new user. If it is empty, GeneratePassword
	// generates a password, see [ExtensionUser]. Without either, the user needs a link
	// to set a password.
	Password         store.Secret
	GeneratePassword bool
	// LinkTo is the username of an existing user. If this user has no default
	// extension, the new extension becomes the default. Otherwise it becomes a linked
	// extension. Nothing else changes, and no user is created.
	LinkTo string
}

// ExtensionUser is the user of a new extension.
type ExtensionUser struct {
	User *User
	// Password is the generated password. It is zero if none was generated.
	Password store.Secret
}

// PrepareExtensionUser prepares the user of a new extension and returns a function,
// commit. commit creates a user with this default extension, in the default groups.
// With LinkTo, it gives the extension to an existing user instead.
//
// PrepareExtensionUser may hash a password, which is slow. Call it before the
// transaction that creates the extension. Then call commit in this transaction. The
// errors are the errors of [Service.Create] or, with LinkTo, of [Service.Update]. An
// invalid number is an error on "number".
func (s *Service) PrepareExtensionUser(ctx context.Context, e NewExtension) (commit func(ctx context.Context) (*ExtensionUser, error), err error) {
	if err := store.NewInvalidError(validateNumber(e.Number)...); err != nil {
		s.audit.RecordFailure(ctx, s.userEvent("create", ""), err)
		return nil, err
	}
	if e.LinkTo != "" {
		return func(ctx context.Context) (*ExtensionUser, error) { return s.linkExtension(ctx, e) }, nil
	}
	return s.prepareForExtension(ctx, e)
}

// linkExtension gives the extension to an existing user.
func (s *Service) linkExtension(ctx context.Context, e NewExtension) (*ExtensionUser, error) {
	u, err := s.mutate(ctx, "link extension", e.LinkTo, func(ctx context.Context, u *User) error {
		return s.applyEdit(ctx, u, e.assignTo)
	})
	if err != nil {
		return nil, err
	}
	return &ExtensionUser{User: u}, nil
}

// validateNumber returns what is wrong with the number of an extension.
func validateNumber(number string) []store.FieldError {
	if validate.Extension().Valid(number) {
		return nil
	}
	return []store.FieldError{{Field: "number", Code: store.CodeExtension, Message: validate.Extension().Message}}
}

// assignTo gives the extension to u.
func (e NewExtension) assignTo(u *User) error {
	if u.DefaultExtension == "" {
		u.DefaultExtension = e.Number
	} else if !u.HasExtension(e.Number) {
		u.LinkedExtensions = append(u.LinkedExtensions, e.Number)
	}
	return nil
}

// prepareForExtension prepares a new user for the extension.
func (s *Service) prepareForExtension(ctx context.Context, e NewExtension) (commit func(ctx context.Context) (*ExtensionUser, error), err error) {
	n := NewUser{
		User:     &User{Username: cmp.Or(e.Username, e.Number), DisplayName: e.DisplayName, Email: e.Email, DefaultExtension: e.Number},
		Password: e.Password,
	}
	var generated store.Secret
	if e.GeneratePassword && e.Password.IsZero() {
		if generated, err = s.GeneratePassword(); err != nil {
			return nil, err
		}
		n.Password = generated
	}
	create, err := s.PrepareCreate(ctx, n)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (*ExtensionUser, error) {
		u, err := create(ctx)
		if err != nil {
			return nil, err
		}
		return &ExtensionUser{User: u, Password: generated}, nil
	}, nil
}

// OrphanPolicy says what to do with the user whose default extension is deleted.
type OrphanPolicy string

// Policies for the user of a deleted default extension.
const (
	OrphanKeep    OrphanPolicy = "keep"
	OrphanDisable OrphanPolicy = "disable"
	OrphanDelete  OrphanPolicy = "delete"
)

// OnExtensionDeleted removes a deleted extension from all users, from all permissions
// of users and groups, and from [Dependents] such as API tokens. It invalidates an
// activation link of the extension. If the extension was the default extension of a
// user, OnExtensionDeleted applies policy to this user. If this user cannot be deleted,
// it changes nothing and returns an error wrapping [store.ErrInUse]. It returns the
// usernames of the changed users in scope, sorted.
//
// Call OnExtensionDeleted in the transaction that deletes the extension. It reads all
// users, because extensions in permissions have no index.
func (s *Service) OnExtensionDeleted(ctx context.Context, number string, policy OrphanPolicy) ([]string, error) {
	const action = "delete extension"
	var removal *extensionRemoval
	err := s.audit.Do(ctx, s.store, s.userEvent(action, ""), func(ctx context.Context, r *audit.Recorder) error {
		if err := validateRemoval(number, policy); err != nil {
			return err
		}
		sc, err := s.scope(ctx)
		if err != nil {
			return err
		}
		if !sc.HasExtension(number) {
			return extensionOutOfScopeError()
		}
		removal = s.newExtensionRemoval(sc, action, number, policy)
		if err := removal.prepare(ctx); err != nil {
			return err
		}
		return removal.save(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	return removal.usernames(ctx), nil
}

func validateRemoval(number string, policy OrphanPolicy) error {
	errs := validateNumber(number)
	if !slices.Contains([]OrphanPolicy{OrphanKeep, OrphanDisable, OrphanDelete}, policy) {
		errs = append(errs, store.FieldError{Field: "policy", Code: store.CodeOneOf, Message: "this must be one of keep, disable, delete"})
	}
	return store.NewInvalidError(errs...)
}

func extensionOutOfScopeError() error {
	return &store.ForbiddenError{Reason: "this extension is outside your scope; ask an administrator with access"}
}

// MaxRenumbered is the largest number of extensions in one call of
// [Service.RenumberExtensions].
const MaxRenumbered = 1000

// fieldNumbers is the field of invalid input of [Service.RenumberExtensions].
const fieldNumbers = "numbers"

// RenumberExtensions gives extensions new numbers: numbers maps each extension to its
// new number. Two users can also swap their extensions. Each extension must be the
// default extension of a user. What refers to the extension follows it: linked
// extensions, the permissions of users and groups, and [Dependents] such as API tokens.
// All changes are one transaction. RenumberExtensions returns the usernames of the
// changed users in scope, sorted. It reads all users.
//
// It returns a [store.AlreadyExistsError] if another user has a new number, and an error
// wrapping [store.ErrConflict] if the directory of a user owns the default extension.
// For a limited administrator, the old and the new numbers and the users who have them
// as default extension must be in scope, see [Service.Scoped].
func (s *Service) RenumberExtensions(ctx context.Context, numbers map[string]string) ([]string, error) {
	const action = "renumber extensions"
	var renumbering *extensionRenumbering
	err := s.audit.Do(ctx, s.store, s.userEvent(action, ""), func(ctx context.Context, r *audit.Recorder) error {
		if err := validateRenumbering(numbers); err != nil {
			return err
		}
		sc, err := s.scope(ctx)
		if err != nil {
			return err
		}
		for from, to := range numbers {
			if !sc.HasExtension(from) || !sc.HasExtension(to) {
				return extensionOutOfScopeError()
			}
		}
		renumbering = s.newExtensionRenumbering(sc, action, numbers)
		if err := renumbering.prepare(ctx); err != nil {
			return err
		}
		return renumbering.save(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	return renumbering.usernames(ctx), nil
}

func validateRenumbering(numbers map[string]string) error {
	invalid := func(code, message string) error {
		return store.NewInvalidError(store.FieldError{Field: fieldNumbers, Code: code, Message: message})
	}
	if len(numbers) == 0 || len(numbers) > MaxRenumbered {
		return invalid(store.CodeRange, fmt.Sprintf("enter 1 to %d extensions", MaxRenumbered))
	}
	targets := map[string]bool{}
	for from, to := range numbers {
		switch {
		case !validate.Extension().Valid(from) || !validate.Extension().Valid(to):
			return invalid(store.CodeExtension, validate.Extension().Message)
		case from == to:
			return invalid(store.CodeUnchanged, "a new number must differ from the old one")
		case targets[to]:
			return invalid(store.CodeRepeated, "two extensions cannot have the same new number")
		}
		targets[to] = true
	}
	return nil
}
