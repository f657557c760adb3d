// Package keys holds every key of the window as data: one table, read by the dispatcher, by the list that F1 shows and by
// the hints. An action is named by its ID; buttons and keys that name the same action do the same thing.
package keys

import (
	"runtime"
	"slices"
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// ID names an action. It is also the last part of the action's translation key, "keys.do.ID".
type ID string

// The actions. Those without a key of their own are reached through the toolbar.
const (
	NextWeak      ID = "next_weak"
	PreviousWeak  ID = "previous_weak"
	Confirm       ID = "confirm"
	ConfirmAll    ID = "confirm_all"
	NotVisible    ID = "not_visible"
	Accept        ID = "accept"
	Reject        ID = "reject"
	NextImage     ID = "next_image"
	PreviousImage ID = "previous_image"
	NextFrame     ID = "next_frame"
	PreviousFrame ID = "previous_frame"
	FirstFrame    ID = "first_frame"
	LastFrame     ID = "last_frame"
	Play          ID = "play"
	LoopFrom      ID = "loop_from"
	LoopTo        ID = "loop_to"
	LoopAll       ID = "loop_all"
	Brush         ID = "brush"
	Eraser        ID = "eraser"
	Push          ID = "push"
	Redraw        ID = "redraw"
	Slide         ID = "slide"
	SlideOut      ID = "slide_out"
	SlideIn       ID = "slide_in"
	Lasso         ID = "lasso"
	Wire          ID = "wire"
	Ellipse       ID = "ellipse"
	Bucket        ID = "fill"
	Fresh         ID = "fresh"
	FillHoles     ID = "holes"
	KeepLargest   ID = "keep"
	Smooth        ID = "smooth"
	Grow          ID = "grow"
	Shrink        ID = "shrink"
	GrowMore      ID = "grow_more"
	GrowLess      ID = "grow_less"
	NameLabel     ID = "name_label"
	CopyPrevious  ID = "copy"
	Release       ID = "release"
	Tools         ID = "tools"
	Ruler         ID = "ruler"
	Ask           ID = "ask"
	AskOut        ID = "ask_out"
	AskIn         ID = "ask_in"
	Smaller       ID = "smaller"
	Larger        ID = "larger"
	Cancel        ID = "cancel"
	Undo          ID = "undo"
	Redo          ID = "redo"
	UndoAnywhere  ID = "undo_anywhere"
	RedoAnywhere  ID = "redo_anywhere"
	Fit           ID = "fit"
	ZoomIn        ID = "zoom_in"
	ZoomOut       ID = "zoom_out"
	Pan           ID = "pan"
	NextPreset    ID = "next_preset"
	Invert        ID = "invert"
	Overlay       ID = "overlay"
	HideAll       ID = "hide_all"
	Heatmap       ID = "heatmap"
	Band          ID = "band"
	Open          ID = "open"
	ExportCurrent ID = "export_current"
	Export        ID = "export"
	Import        ID = "import"
	Deidentify    ID = "deidentify"
	WorkList      ID = "work_list"
	Inspector     ID = "inspector"
	ImageAlone    ID = "image_alone"
	Help          ID = "help"
	About         ID = "about"
	Demo          ID = "demo"
	Theme         ID = "theme"
	Reader        ID = "reader"
	Versions      ID = "versions"
	Language      ID = "language"
	Quit          ID = "quit"
	Judge         ID = "judge"
	Consult       ID = "consult"
	QuestionsPage ID = "questions"
	AgreementPage ID = "agreement"
	Pages         ID = "pages"
	ProjectPage   ID = "project"
	ModelsPage    ID = "models"
	TrainingPage  ID = "training"
	TimePage      ID = "time"
	Guideline     ID = "guideline"
	Reveal        ID = "reveal"
)

// Group is a heading of the list of keys; its title is "keys.group.GROUP".
type Group string

// The groups, in the order of the list.
const (
	Review Group = "review"
	Draw   Group = "draw"
	View   Group = "view"
	Move   Group = "move"
	Files  Group = "files"
	Work   Group = "work"

	// Unlisted keys are in the list as one gesture.
	Unlisted Group = ""
)

// Groups in the order of the list.
var Groups = []Group{Review, Draw, View, Move, Work, Files}

// How an action answers to its key being kept down.
type How int

// An action runs once per press, again with each auto-repeat, or lasts while its key is held.
const (
	Once How = iota
	Repeat
	Hold
)

// Combo is a key with the modifiers that must be down, all others being up.
type Combo struct {
	Key fyne.KeyName
	Mod fyne.KeyModifier
}

// Binding is one row of the table.
type Binding struct {
	ID     ID
	Group  Group
	How    How
	Combos []Combo
}

// ctrl is Control, or Command on macOS, as Fyne sends it.
const ctrl = fyne.KeyModifierShortcutDefault

const (
	shift = fyne.KeyModifierShift
	alt   = fyne.KeyModifierAlt
)

func on(keys ...fyne.KeyName) []Combo { return with(0, keys...) }

func with(mod fyne.KeyModifier, keys ...fyne.KeyName) []Combo {
	cs := make([]Combo, len(keys))
	for i, k := range keys {
		cs[i] = Combo{k, mod}
	}
	return cs
}

// Table is every action, in the order in which the list shows them.
var Table = []Binding{
	{NextWeak, Review, Repeat, on(fyne.KeyN)},
	{PreviousWeak, Review, Repeat, with(shift, fyne.KeyN)},
	{Confirm, Review, Once, on(fyne.KeyReturn, fyne.KeyEnter)},
	{ConfirmAll, Review, Once, with(shift, fyne.KeyReturn, fyne.KeyEnter)},
	{NotVisible, Review, Once, on(fyne.KeyX)},
	{Accept, Review, Once, with(ctrl, fyne.KeyReturn, fyne.KeyEnter)},
	{Reject, Review, Once, on(fyne.KeyBackspace)},
	{Consult, Review, Once, with(shift, fyne.KeyX)},
	{Judge, Review, Once, on(fyne.KeyJ)},

	{Brush, Draw, Once, on(fyne.KeyB)},
	{Eraser, Draw, Once, on(fyne.KeyE)},
	{Push, Draw, Once, on(fyne.KeyP)},
	{Redraw, Draw, Once, on(fyne.KeyR)},
	{Slide, Draw, Once, on(fyne.KeyS)},
	{SlideOut, Draw, Repeat, on(fyne.KeyUp)},
	{SlideIn, Draw, Repeat, on(fyne.KeyDown)},
	{Lasso, Draw, Once, on(fyne.KeyL)},
	{Wire, Draw, Once, on(fyne.KeyW)},
	{Ellipse, Draw, Once, with(shift, fyne.KeyE)},
	{Bucket, Draw, Once, on(fyne.KeyU)},
	{Fresh, Draw, Once, with(shift, fyne.KeyR)},
	{FillHoles, Draw, Once, with(shift, fyne.KeyU)},
	{KeepLargest, Draw, Once, with(shift, fyne.KeyI)},
	{Smooth, Draw, Once, with(shift, fyne.KeyS)},
	{Grow, Draw, Repeat, with(ctrl, fyne.KeyRightBracket)},
	{Shrink, Draw, Repeat, with(ctrl, fyne.KeyLeftBracket)},
	{GrowMore, Draw, Repeat, with(ctrl|shift, fyne.KeyRightBracket)},
	{GrowLess, Draw, Repeat, with(ctrl|shift, fyne.KeyLeftBracket)},
	{NameLabel, Draw, Once, with(ctrl, fyne.KeyL)},
	{CopyPrevious, Draw, Once, with(shift, fyne.KeyC)},
	{Release, Draw, Once, nil},
	{Tools, Draw, Once, on(fyne.KeyT)},
	{Ruler, Draw, Once, on(fyne.KeyM)},
	{Ask, Draw, Once, on(fyne.KeyC)},
	{AskOut, Draw, Once, on(fyne.KeyPeriod)},
	{AskIn, Draw, Once, on(fyne.KeyComma)},
	{Smaller, Draw, Repeat, on(fyne.KeyLeftBracket)},
	{Larger, Draw, Repeat, on(fyne.KeyRightBracket)},
	{Cancel, Draw, Once, on(fyne.KeyEscape)},
	{Undo, Draw, Repeat, with(ctrl, fyne.KeyZ)},
	{Redo, Draw, Repeat, append(with(ctrl, fyne.KeyY), Combo{fyne.KeyZ, ctrl | shift})},
	{UndoAnywhere, Draw, Repeat, with(ctrl|alt, fyne.KeyZ)},
	{RedoAnywhere, Draw, Repeat, with(ctrl|alt, fyne.KeyY)},

	{Fit, View, Once, append(on(fyne.KeyF), with(ctrl, fyne.Key0)...)},
	{ZoomIn, View, Repeat, slices.Concat(on(fyne.KeyPlus, fyne.KeyEqual), with(shift, fyne.KeyEqual),
		with(ctrl, fyne.KeyPlus, fyne.KeyEqual), with(ctrl|shift, fyne.KeyEqual))},
	{ZoomOut, View, Repeat, append(on(fyne.KeyMinus), with(ctrl, fyne.KeyMinus)...)},
	{Pan, View, Hold, on(fyne.KeySpace)},
	{Overlay, View, Once, on(fyne.KeyO)},
	{HideAll, View, Hold, on(fyne.KeyH)},
	{Heatmap, View, Once, on(fyne.KeyG)},
	{Band, View, Once, on(fyne.KeyV)},
	{Invert, View, Once, on(fyne.KeyI)},
	{NextPreset, View, Once, on(fyne.KeyQ)},

	{NextImage, Move, Repeat, on(fyne.KeyD, fyne.KeyPageDown)},
	{PreviousImage, Move, Repeat, on(fyne.KeyA, fyne.KeyPageUp)},
	{NextFrame, Move, Repeat, on(fyne.KeyRight)},
	{PreviousFrame, Move, Repeat, on(fyne.KeyLeft)},
	{FirstFrame, Move, Once, on(fyne.KeyHome)},
	{LastFrame, Move, Once, on(fyne.KeyEnd)},
	{Play, Move, Once, on(fyne.KeyK)},
	{LoopFrom, Move, Once, with(shift, fyne.KeyHome)},
	{LoopTo, Move, Once, with(shift, fyne.KeyEnd)},
	{LoopAll, Move, Once, with(shift, fyne.KeyK)},

	{Pages, Work, Once, nil},
	{ProjectPage, Work, Once, on(fyne.KeyF4)},
	{QuestionsPage, Work, Once, on(fyne.KeyF5)},
	{AgreementPage, Work, Once, on(fyne.KeyF6)},
	{ModelsPage, Work, Once, on(fyne.KeyF7)},
	{TrainingPage, Work, Once, on(fyne.KeyF8)},
	{Guideline, Work, Once, with(shift, fyne.KeyF4)},
	{TimePage, Work, Once, on(fyne.KeyF12)},
	{Reveal, Work, Once, on(fyne.KeyY)},

	{Open, Files, Once, with(ctrl, fyne.KeyO)},
	{Export, Files, Once, with(ctrl, fyne.KeyE)},
	{ExportCurrent, Files, Once, with(ctrl, fyne.KeyS)},
	{Import, Files, Once, with(ctrl, fyne.KeyI)},
	{Deidentify, Files, Once, with(ctrl, fyne.KeyD)},
	{WorkList, Files, Once, on(fyne.KeyF9)},
	{Inspector, Files, Once, on(fyne.KeyF10)},
	{ImageAlone, Files, Once, on(fyne.KeyF11)},
	{Help, Files, Once, on(fyne.KeyF1)},
	{Quit, Files, Once, with(ctrl, fyne.KeyQ)},
	{Reader, Files, Once, on(fyne.KeyF2)},
	{Versions, Files, Once, on(fyne.KeyF3)},
	{Demo, Files, Once, nil},
	{About, Files, Once, nil},
	{Theme, Files, Once, nil},
	{Language, Files, Once, nil},

	{Label(1), Unlisted, Once, on(fyne.Key1)},
	{Label(2), Unlisted, Once, on(fyne.Key2)},
	{Label(3), Unlisted, Once, on(fyne.Key3)},
	{Label(4), Unlisted, Once, on(fyne.Key4)},
	{Label(5), Unlisted, Once, on(fyne.Key5)},
	{Label(6), Unlisted, Once, on(fyne.Key6)},
	{Label(7), Unlisted, Once, on(fyne.Key7)},
	{Label(8), Unlisted, Once, on(fyne.Key8)},
	{Label(9), Unlisted, Once, on(fyne.Key9)},
	{Lock(1), Unlisted, Once, with(shift, fyne.Key1)},
	{Lock(2), Unlisted, Once, with(shift, fyne.Key2)},
	{Lock(3), Unlisted, Once, with(shift, fyne.Key3)},
	{Lock(4), Unlisted, Once, with(shift, fyne.Key4)},
	{Lock(5), Unlisted, Once, with(shift, fyne.Key5)},
	{Lock(6), Unlisted, Once, with(shift, fyne.Key6)},
	{Lock(7), Unlisted, Once, with(shift, fyne.Key7)},
	{Lock(8), Unlisted, Once, with(shift, fyne.Key8)},
	{Lock(9), Unlisted, Once, with(shift, fyne.Key9)},
}

// MaxLabels is how many labels have a key.
const MaxLabels = 9

// Label is the action that chooses label n, from 1 to MaxLabels, and Lock the one that locks or unlocks it.
func Label(n int) ID { return ID("label_" + strconv.Itoa(n)) }

// Lock is told of at Label.
func Lock(n int) ID { return ID("lock_" + strconv.Itoa(n)) }

// Gesture is something that the pointer does, for the list of keys only. Its combination is the sentence
// "keys.gesture.NAME.keys", what it does is "keys.gesture.NAME.does".
type Gesture struct {
	Name  string
	Group Group
}

// Gestures of the pointer, in the order in which the list shows them.
var Gestures = []Gesture{
	{"size", Draw},
	{"invert_tool", Draw},
	{"edges", Draw},
	{"labels", Draw},
	{"ask", Draw},
	{"zoom", View},
	{"pan", View},
	{"window", View},
	{"frames", Move},
	{"loop", Move},
	{"page", Work},
}

// Keys writes what the hand does, in the chosen language.
func (g Gesture) Keys() string { return text.T("keys.gesture." + g.Name + ".keys") }

// Does says in the chosen language what comes of it.
func (g Gesture) Does() string { return text.T("keys.gesture." + g.Name + ".does") }

// Find returns the binding of id. The zero Binding stands for an unknown id.
func Find(id ID) Binding {
	if i := slices.IndexFunc(Table, func(b Binding) bool { return b.ID == id }); i >= 0 {
		return Table[i]
	}
	return Binding{}
}

// Lookup returns the binding of a combination.
func Lookup(c Combo) (Binding, bool) {
	for _, b := range Table {
		if slices.Contains(b.Combos, c) {
			return b, true
		}
	}
	return Binding{}, false
}

// Does says in the chosen language what the action does.
func (id ID) Does() string { return text.T("keys.do." + string(id)) }

// Title is the group's heading in the chosen language.
func (g Group) Title() string { return text.T("keys.group." + string(g)) }

// Keys writes the action's first combination, for example "Shift+N"; it is empty for an action without a key.
func (id ID) Keys() string {
	if b := Find(id); len(b.Combos) > 0 {
		return b.Combos[0].String()
	}
	return ""
}

// Hint says what the action does, with its key: "Next weak arc (N)".
func (id ID) Hint() string {
	if k := id.Keys(); k != "" {
		return id.Does() + " (" + k + ")"
	}
	return id.Does()
}

// maxKeysShown is how many combinations of one action the list shows; more would hide the ones worth learning.
const maxKeysShown = 2

// AllKeys writes the binding's first combinations, those on the keypad aside, joined by commas.
func (b Binding) AllKeys() string {
	var all []string
	for _, c := range b.Combos {
		if s := c.String(); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all[:min(len(all), maxKeysShown)], ", ")
}

// names are the keys that are not written as Fyne names them.
var names = map[fyne.KeyName]string{
	fyne.KeyReturn: "Enter", fyne.KeyEnter: "Enter", fyne.KeyBackspace: "Backspace", fyne.KeyEscape: "Esc",
	fyne.KeyLeft: "←", fyne.KeyRight: "→", fyne.KeyUp: "↑", fyne.KeyDown: "↓", fyne.KeyMinus: "−",
	fyne.KeyPageUp: "Page Up", fyne.KeyPageDown: "Page Down", fyne.KeyEqual: "=",
}

// String writes the combination as people read it. Letters are the keys' own, in capitals, in every language.
func (c Combo) String() string {
	name := string(c.Key)
	if n, ok := names[c.Key]; ok {
		name = n
	}
	if c.Key == fyne.KeySpace {
		name = text.T("keys.space")
	}
	if c.Mod&fyne.KeyModifierShift != 0 {
		name = "Shift+" + name
	}
	if c.Mod&alt != 0 {
		name = "Alt+" + name
	}
	if c.Mod&ctrl != 0 {
		mod := "Ctrl+"
		if runtime.GOOS == "darwin" {
			mod = "⌘"
		}
		name = mod + name
	}
	return name
}
