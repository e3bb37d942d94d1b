package extension

import (
	"context"
	"fmt"
	"slices"

	"github.com/sethvargo/go-password/password"

	"github.com/pbxusers/pbxusers/store"
)

// AddDevice adds a device to an extension and returns it with its generated secret. It
// returns a [store.ConflictError] for a virtual extension.
func (s *Service) AddDevice(ctx context.Context, number, label string) (*Device, error) {
	var added Device
	_, err := s.update(ctx, "add_device", number, func(e *Extension) error {
		if e.Type == TypeVirtual {
			return &store.ConflictError{Reason: "a virtual extension has no devices; change its type first"}
		}
		if err := s.addDevice(e, label); err != nil {
			return err
		}
		if err := s.validate(normalize(e)); err != nil {
			return err
		}
		added = e.Devices[len(e.Devices)-1]
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &added, nil
}

// addDevice adds a device with the next ordinal.
func (s *Service) addDevice(e *Extension, label string) error {
	secret, err := s.generateSecret()
	if err != nil {
		return err
	}
	e.LastOrdinal++
	e.Devices = append(e.Devices, Device{Ordinal: e.LastOrdinal, Label: label, Secret: secret, SecretChangedAt: s.now()})
	return nil
}

// RemoveDevice removes a device from an extension. The next apply ends its registration.
// It returns a [store.ConflictError] for the only device: without one, nothing would
// ring.
func (s *Service) RemoveDevice(ctx context.Context, number string, ordinal int) error {
	_, err := s.update(ctx, "remove_device", number, func(e *Extension) error {
		if e.Device(ordinal) == nil {
			return deviceNotFound()
		}
		if len(e.Devices) == 1 {
			return &store.ConflictError{Reason: "this is the only device of the extension; add another one first, or make the extension virtual"}
		}
		e.Devices = slices.DeleteFunc(e.Devices, func(d Device) bool { return d.Ordinal == ordinal })
		return nil
	})
	return err
}

// RotateDevice gives a device a new generated secret and returns the device with it. The
// device must be set up again after the next apply.
func (s *Service) RotateDevice(ctx context.Context, number string, ordinal int) (*Device, error) {
	secret, err := s.generateSecret()
	if err != nil {
		return nil, err
	}
	var rotated Device
	_, err = s.update(ctx, "rotate_device", number, func(e *Extension) error {
		d := e.Device(ordinal)
		if d == nil {
			return deviceNotFound()
		}
		d.Secret, d.SecretChangedAt = secret, s.now()
		rotated = *d
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &rotated, nil
}

// DeviceSecret returns the secret of a device, for the file or the link that sets the
// device up.
func (s *Service) DeviceSecret(ctx context.Context, number string, ordinal int) (store.Secret, error) {
	e, err := s.load(ctx, number)
	if err != nil {
		return store.Secret{}, err
	}
	d := e.Device(ordinal)
	if d == nil {
		return store.Secret{}, deviceNotFound()
	}
	return d.Secret, nil
}

func deviceNotFound() error { return &store.NotFoundError{Kind: "device"} }

// A generated secret is secretLength random letters and digits: more than 140 bits, and
// no character has a meaning in a configuration file, in SIP or on the keys of a phone.
const (
	secretLength = 24
	secretDigits = 6
)

func (s *Service) generateSecret() (store.Secret, error) {
	generator, err := password.NewGenerator(&password.GeneratorInput{Reader: s.random})
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a secret: %w", err)
	}
	secret, err := generator.Generate(secretLength, secretDigits, 0, false, true)
	if err != nil {
		return store.Secret{}, fmt.Errorf("generating a secret: %w", err)
	}
	return store.NewSecret(secret), nil
}

// withoutSecrets removes the secrets from e.
func withoutSecrets(e *Extension) *Extension {
	for i := range e.Devices {
		e.Devices[i].Secret = store.Secret{}
	}
	return normalize(e)
}
