package apitoken_test

import (
	"testing"

	"github.com/pbxusers/pbxusers/internal/fieldtest"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func TestFields_areThoseOfTheStruct(t *testing.T) {
	t.Parallel()
	fieldtest.RequireFields(t, apitoken.Fields(), "ID", "UserID", "Addresses", "CreatedAt", "UpdatedAt", "KeyCreatedAt", "LastUsedAt")
}
