package userman

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// NewExtension is an extension that was made, with what is to become of it here.
type NewExtension struct {
	// Number is 1 to 20 digits.
	Number string
	// DisplayName and Email are copied to a person who is made.
	DisplayName string
	Email       string
	// Username of the person who is made. Defaults to Number.
	Username string
	// Password of the person who is made; zero makes one without: they get a
	// link. Generate makes one, see [ExtensionPerson], unless it is given.
	Password store.Secret
	Generate bool
	// Link names an existing person whose default extension it becomes, when
	// they have none, or whose linked extension otherwise; nobody is made
	// then, and nothing else of theirs is changed.
	Link string
}

// ExtensionPerson is the person of a new extension.
type ExtensionPerson struct {
	User *User
	// Password is the one that was generated; zero when none was.
	Password store.Secret
}

// ExtensionCreated makes the person of a new extension, in the default groups
// and with that default extension, or links it to an existing one. Whoever
// makes extensions calls it, in the same transaction, when it was asked for a
// person. Refusals are those of [Service.Create], and of [Service.Update] for a
// link; the number's is on "number".
func (s *Service) ExtensionCreated(ctx context.Context, e NewExtension) (*ExtensionPerson, error) {
	if err := store.Invalid(checkNumber(e.Number)...); err != nil {
		s.trail.RecordFailure(ctx, s.event("create", ""), err)
		return nil, err
	}
	if e.Link != "" {
		u, err := s.act(ctx, "link extension", e.Link, func(ctx context.Context, u *User) error {
			return s.edit(ctx, u, e.linkTo)
		})
		if err != nil {
			return nil, err
		}
		return &ExtensionPerson{User: u}, nil
	}
	return s.personOf(ctx, e)
}

// checkNumber returns what is wrong with the number of an extension.
func checkNumber(number string) []store.FieldError {
	if extensionPattern.MatchString(number) {
		return nil
	}
	return []store.FieldError{{Field: "number", Code: "extension", Message: extensionRule}}
}

// linkTo gives the extension to u.
func (e NewExtension) linkTo(u *User) error {
	if u.DefaultExtension == "" {
		u.DefaultExtension = e.Number
	} else if !u.Has(e.Number) {
		u.LinkedExtensions = append(u.LinkedExtensions, e.Number)
	}
	return nil
}

// personOf makes the person of a new extension.
func (s *Service) personOf(ctx context.Context, e NewExtension) (*ExtensionPerson, error) {
	n := NewUser{
		User:     &User{Username: e.Username, DisplayName: e.DisplayName, Email: e.Email, DefaultExtension: e.Number},
		Password: e.Password,
	}
	if n.User.Username == "" {
		n.User.Username = e.Number
	}
	var generated store.Secret
	if e.Generate && e.Password.IsZero() {
		var err error
		if generated, err = s.GeneratePassword(); err != nil {
			return nil, err
		}
		n.Password = generated
	}
	u, err := s.Create(ctx, n)
	if err != nil {
		return nil, err
	}
	return &ExtensionPerson{User: u, Password: generated}, nil
}

// ExtensionPolicy says what becomes of the person whose default extension is
// deleted.
type ExtensionPolicy string

// What becomes of people whose default extension goes.
const (
	KeepUser    ExtensionPolicy = "keep"
	DisableUser ExtensionPolicy = "disable"
	DeleteUser  ExtensionPolicy = "delete"
)

// ExtensionDeleted takes a deleted extension away from everybody: as default
// and linked extension, out of the permissions of people and groups, and out of
// the extensions of tokens; a token of this one alone is disabled, because one
// without any would be one of all. An activation link of a softphone that was
// for it ends. The person whose default one it was is then treated as policy
// says; a person who cannot be deleted is a [store.InUseError], and nothing is
// changed. It returns the usernames of those whose records changed, sorted.
//
// Whoever deletes extensions calls it, in the same transaction. It looks at
// everybody: who has the number in a permission is nowhere indexed.
func (s *Service) ExtensionDeleted(ctx context.Context, number string, policy ExtensionPolicy) ([]string, error) {
	const action = "delete extension"
	var gone *unlinking
	err := s.preparedTogether(ctx, s.event(action, ""), func(ctx context.Context) (err error) {
		if err := checkUnlinking(number, policy); err != nil {
			return err
		}
		if s.reaches != nil && !s.reaches(number) {
			return &store.ForbiddenError{Reason: "you do not reach this extension; ask an administrator who does"}
		}
		gone = &unlinking{service: s, action: action, number: number, policy: policy}
		return gone.prepare(ctx)
	}, func(ctx context.Context) error { return gone.write(ctx) })
	if err != nil {
		return nil, err
	}
	usernames := []string{}
	for _, person := range gone.people {
		s.log(ctx, action, person.after)
		if person.before.DeletedAt.IsZero() {
			usernames = append(usernames, person.before.Username)
		}
	}
	slices.Sort(usernames)
	return usernames, nil
}

func checkUnlinking(number string, policy ExtensionPolicy) error {
	refused := checkNumber(number)
	if !slices.Contains([]ExtensionPolicy{KeepUser, DisableUser, DeleteUser}, policy) {
		refused = append(refused, store.FieldError{Field: "policy", Code: "oneof", Message: "this must be one of keep, disable, delete"})
	}
	return store.Invalid(refused...)
}
