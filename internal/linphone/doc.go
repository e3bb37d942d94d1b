// Package linphone writes the file with which the softphone Linphone sets itself
// up (remote provisioning).
package linphone
