package internal

import (
	_ "fyne.io/fyne/v2/app"
	_ "fyne.io/fyne/v2/widget"
	_ "fyne.io/fyne/v2/test"
	_ "github.com/google/uuid"
	_ "github.com/pressly/goose/v3"
	_ "github.com/suyashkumar/dicom"
	_ "github.com/yalue/onnxruntime_go"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/vector"
	_ "golang.org/x/sync/errgroup"
	_ "golang.org/x/text/encoding/korean"
	_ "modernc.org/sqlite"
	_ "pgregory.net/rapid"
)
