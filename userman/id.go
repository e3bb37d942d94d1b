package userman

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
)

// What an ID is made of, in bytes: that of a person has 24 characters, that of a
// token 16.
const (
	userIDSize  = 15
	tokenIDSize = 10
)

// newID returns lower-case letters and digits that stand for that many random
// bytes, which is to be a multiple of 5.
func (s *Service) newID(size int) (string, error) {
	random := make([]byte, size)
	if _, err := io.ReadFull(s.opts.Random, random); err != nil {
		return "", fmt.Errorf("making an ID: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(random)), nil
}
