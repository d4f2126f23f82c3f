package fota_test

import (
	"bytes"
	"testing"

	"github.com/cloudgen/cloudgen/runtime/fota"
)

func TestRecognize(t *testing.T) {
	beginning := func(first ...byte) []byte { return append(first, make([]byte, 32-len(first))...) }
	for name, test := range map[string]struct {
		beginning []byte
		want      fota.Type
		text      string
	}{
		"MCUboot":              {beginning(0x3d, 0xb8, 0xf3, 0x96), fota.TypeMCUboot, "DFU_TARGET_IMAGE_TYPE_MCUBOOT"},
		"modem delta":          {beginning(0, 0, 0, 0, 0x6d, 0x65, 0x44, 0x75), fota.TypeModemDelta, "DFU_TARGET_IMAGE_TYPE_MODEM_DELTA"},
		"full modem":           {beginning(0xd2, 0x84, 0x44), fota.TypeFullModem, "DFU_TARGET_IMAGE_TYPE_FULL_MODEM"},
		"MCUboot before delta": {beginning(0x3d, 0xb8, 0xf3, 0x96, 0x6d, 0x65, 0x44, 0x75), fota.TypeMCUboot, "DFU_TARGET_IMAGE_TYPE_MCUBOOT"},
		"delta before full":    {beginning(0xd2, 0x84, 0, 0, 0x6d, 0x65, 0x44, 0x75), fota.TypeModemDelta, "DFU_TARGET_IMAGE_TYPE_MODEM_DELTA"},
		"delta at offset 0":    {beginning(0x6d, 0x65, 0x44, 0x75), 0, "DFU_TARGET_IMAGE_TYPE_NONE"},
		"MCUboot big-endian":   {beginning(0x96, 0xf3, 0xb8, 0x3d), 0, "DFU_TARGET_IMAGE_TYPE_NONE"},
		"too short":            {beginning(0x3d, 0xb8, 0xf3, 0x96)[:31], 0, "DFU_TARGET_IMAGE_TYPE_NONE"},
		"nothing":              {nil, 0, "DFU_TARGET_IMAGE_TYPE_NONE"},
		"ELF":                  {beginning(0x7f, 'E', 'L', 'F'), 0, "DFU_TARGET_IMAGE_TYPE_NONE"},
		"more than needed":     {bytes.Repeat(beginning(0xd2, 0x84), 3), fota.TypeFullModem, "DFU_TARGET_IMAGE_TYPE_FULL_MODEM"},
	} {
		t.Run(name, func(t *testing.T) {
			got := fota.Recognize(test.beginning)
			if got != test.want || got.String() != test.text {
				t.Errorf("%v, want %v (%s)", got, test.want, test.text)
			}
		})
	}
	if got := (fota.TypeMCUboot | fota.TypeCustom | 0x40).String(); got != "DFU_TARGET_IMAGE_TYPE_MCUBOOT|DFU_TARGET_IMAGE_TYPE_CUSTOM|0x40" {
		t.Error(got)
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		fota.EventProgress.String():             "FOTA_DOWNLOAD_EVT_PROGRESS",
		fota.EventFinished.String():             "FOTA_DOWNLOAD_EVT_FINISHED",
		fota.EventErasePending.String():         "FOTA_DOWNLOAD_EVT_ERASE_PENDING",
		fota.EventEraseTimeout.String():         "FOTA_DOWNLOAD_EVT_ERASE_TIMEOUT",
		fota.EventEraseDone.String():            "FOTA_DOWNLOAD_EVT_ERASE_DONE",
		fota.EventError.String():                "FOTA_DOWNLOAD_EVT_ERROR",
		fota.EventCancelled.String():            "FOTA_DOWNLOAD_EVT_CANCELLED",
		fota.EventKind(0).String():              "event 0",
		fota.EventKind(8).String():              "event 8",
		fota.CauseConnectFailed.String():        "FOTA_DOWNLOAD_ERROR_CAUSE_CONNECT_FAILED",
		fota.CauseDownloadFailed.String():       "FOTA_DOWNLOAD_ERROR_CAUSE_DOWNLOAD_FAILED",
		fota.CauseInvalidUpdate.String():        "FOTA_DOWNLOAD_ERROR_CAUSE_INVALID_UPDATE",
		fota.CauseTypeMismatch.String():         "FOTA_DOWNLOAD_ERROR_CAUSE_TYPE_MISMATCH",
		fota.CauseInternal.String():             "FOTA_DOWNLOAD_ERROR_CAUSE_INTERNAL",
		fota.CauseDFU.String():                  "FOTA_DOWNLOAD_ERROR_CAUSE_DFU",
		fota.CauseProtoNotSupported.String():    "FOTA_DOWNLOAD_ERROR_CAUSE_PROTO_NOT_SUPPORTED",
		fota.CauseInvalidConfiguration.String(): "FOTA_DOWNLOAD_ERROR_CAUSE_INVALID_CONFIGURATION",
		fota.Cause(0).String():                  "cause 0",
		fota.Cause(9).String():                  "cause 9",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
