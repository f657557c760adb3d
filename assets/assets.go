// Package assets embeds what ships inside the program: translations, fonts, icons and the model.
package assets

import "embed"

// Translations holds NAME.LANG.json files: flat maps from message key to sentence (go-i18n form).
//
//go:embed translations
var Translations embed.FS
