package userman

import (
	"fmt"

	"github.com/sethvargo/go-password/password"

	"github.com/pbxusers/pbxusers/store"
)

// A generated password has generatedPasswordLength letters and digits: those of
// go-password without the ones that look alike, with repetition, which is more
// than 100 bits.
const (
	generatedPasswordLength = 20
	generatedDigits         = 5
	lowerLetters            = "abcdefghijkmnopqrstuvwxyz"
	upperLetters            = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	unambiguousDigits       = "23456789"
)

// GeneratePassword returns a random password that [Service.SetPassword] takes:
// 20 letters and digits without those that look alike, or as many as
// [Options].MinPasswordLength asks for.
func (s *Service) GeneratePassword() (store.Secret, error) {
	generator, err := password.NewGenerator(&password.GeneratorInput{
		LowerLetters: lowerLetters, UpperLetters: upperLetters, Digits: unambiguousDigits, Reader: s.opts.Random,
	})
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	generated, err := generator.Generate(max(generatedPasswordLength, s.opts.MinPasswordLength), generatedDigits, 0, false, true)
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a password: %w", err)
	}
	return store.NewSecret(generated), nil
}
