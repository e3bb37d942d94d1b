package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/store"
)

func ExampleOpenKeyring() {
	dir, _ := os.MkdirTemp("", "keyring")
	defer func() { _ = os.RemoveAll(dir) }()

	// The file is created on first use. Back it up apart from the database.
	keyring, err := store.OpenKeyring(filepath.Join(dir, "pbxusers.key"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed := keyring.Seal([]byte("s3cret"), "crm/secret")

	opened, err := keyring.Open(sealed, "crm/secret")
	fmt.Println(string(opened), err)
	_, err = keyring.Open(sealed, "dialer/secret")
	fmt.Println(err)
	// Output:
	// s3cret <nil>
	// the encrypted value was modified or belongs to another context
}

func ExampleKeyring_Rotate() {
	dir, _ := os.MkdirTemp("", "keyring")
	defer func() { _ = os.RemoveAll(dir) }()

	keyring, _ := store.OpenKeyring(filepath.Join(dir, "pbxusers.key"))
	sealed := keyring.Seal([]byte("s3cret"), "crm/secret")
	if err := keyring.Rotate(); err != nil {
		fmt.Println(err)
		return
	}
	opened, err := keyring.Open(sealed, "crm/secret")
	fmt.Println(string(opened), err, keyring.IsPrimary(sealed))
	// Output: s3cret <nil> false
}

func ExampleKeyring_Sign() {
	keyring, _ := store.NewKeyring(store.GenerateKey())
	signature := keyring.Sign([]byte("entry 7"), "audit/head")
	fmt.Println(keyring.Verify(signature, []byte("entry 7"), "audit/head"))
	fmt.Println(keyring.Verify(signature, []byte("entry 6"), "audit/head"))
	// Output:
	// <nil>
	// the signature is forged or belongs to another message
}

func ExampleSecret() {
	secret := store.NewSecret("s3cret")
	fmt.Printf("%s %#v %s\n", secret, secret, secret.Reveal())
	// Output: [redacted] [redacted] s3cret
}

func ExampleNewInvalidError() {
	err := store.NewInvalidError(store.FieldError{Field: "name", Code: "required", Message: "write a name"})
	var invalid *store.InvalidError
	fmt.Println(errors.Is(err, store.ErrInvalid), errors.As(err, &invalid), err)
	// Output: true true name: write a name
}
