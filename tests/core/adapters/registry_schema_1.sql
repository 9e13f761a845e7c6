BEGIN TRANSACTION;
CREATE TABLE bases (
        fingerprint TEXT PRIMARY KEY,
        identity TEXT NOT NULL,
        shape TEXT NOT NULL
    );
INSERT INTO "bases" VALUES('cf868dd04d0aefbf','d65f051e5e03a0fd','{"fingerprint": "cf868dd04d0aefbf", "linears": {"lm_head": [274, 32], "model.layers.0.mlp.down_proj": [32, 64], "model.layers.0.mlp.gate_proj": [64, 32], "model.layers.0.mlp.up_proj": [64, 32], "model.layers.0.self_attn.k_proj": [16, 32], "model.layers.0.self_attn.o_proj": [32, 32], "model.layers.0.self_attn.q_proj": [32, 32], "model.layers.0.self_attn.v_proj": [16, 32], "model.layers.1.mlp.down_proj": [32, 64], "model.layers.1.mlp.gate_proj": [64, 32], "model.layers.1.mlp.up_proj": [64, 32], "model.layers.1.self_attn.k_proj": [16, 32], "model.layers.1.self_attn.o_proj": [32, 32], "model.layers.1.self_attn.q_proj": [32, 32], "model.layers.1.self_attn.v_proj": [16, 32]}, "name": "/models/tiny", "published_as": "tiny", "settings": {"base": "/models/tiny", "device": "auto", "dtype": "auto", "engine": "transformers", "quantization": "none", "revision": null}, "template": "d33924d646a3ab8e"}');
CREATE TABLE counter (serial INTEGER NOT NULL);
INSERT INTO "counter" VALUES(7);
CREATE TABLE earlier (
        name TEXT NOT NULL,
        place INTEGER NOT NULL,
        number INTEGER NOT NULL,
        PRIMARY KEY (name, place),
        FOREIGN KEY (name, number) REFERENCES versions (name, number)
    );
INSERT INTO "earlier" VALUES('notes',1,1);
CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        serial INTEGER NOT NULL,
        at TEXT NOT NULL,
        by TEXT NOT NULL,
        what TEXT NOT NULL,
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        why TEXT NOT NULL,
        facts TEXT NOT NULL
    );
INSERT INTO "events" VALUES(1,2,'2026-11-21T16:24:16+00:00','somebody','added','notes',1,'','{"digest": "a38ec4759f4222f78c96364d1cb90f6e974abd96235d33f8c40daf29ed8513b4", "source": "build: /runs/notes-1"}');
INSERT INTO "events" VALUES(2,3,'2026-11-21T16:24:16+00:00','somebody','promoted','notes',1,'','{"former": null, "gate": "passed"}');
INSERT INTO "events" VALUES(3,4,'2026-11-21T16:24:16+00:00','somebody','added','notes',2,'','{"digest": "ea226d067e6c82885574e4be649181bc3d8a3e41502b8dfbbb19605ba3a8bce2", "source": ""}');
INSERT INTO "events" VALUES(4,5,'2026-11-21T16:24:16+00:00','somebody','promoted','notes',2,'','{"former": 1, "gate": "passed"}');
INSERT INTO "events" VALUES(5,6,'2026-11-21T16:24:16+00:00','somebody','added','reports',1,'','{"digest": "cab8496b2ce1a8a5567e2f1eb4441fe63008b829ccaf742617f72cb21cb0888f", "source": ""}');
INSERT INTO "events" VALUES(6,7,'2026-11-21T16:24:16+00:00','somebody','promoted','reports',1,'for a test','{"former": null, "gate": "overridden"}');
CREATE TABLE versions (
        name TEXT NOT NULL,
        number INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('candidate', 'promoted', 'retired')),
        withdrawn INTEGER NOT NULL DEFAULT 0,
        digest TEXT NOT NULL,
        base TEXT NOT NULL REFERENCES bases (fingerprint),
        template TEXT NOT NULL,
        added TEXT NOT NULL,
        source TEXT NOT NULL,
        override TEXT,
        changed INTEGER NOT NULL,
        facts TEXT NOT NULL,
        verdict TEXT,
        manifest TEXT,
        PRIMARY KEY (name, number),
        UNIQUE (name, digest)
    );
INSERT INTO "versions" VALUES('notes',1,'retired',0,'a38ec4759f4222f78c96364d1cb90f6e974abd96235d33f8c40daf29ed8513b4','cf868dd04d0aefbf','d33924d646a3ab8e','2026-11-21T16:24:16+00:00','build: /runs/notes-1',NULL,5,'{"bytes": 9199, "dtype": "float32", "files": {"README.md": "d1cd65d675f9a0dd88695a821a87c648a34b9ff45ecfc82fcd719247351830d2", "adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "77349a8c91f97b63aa46b05dc1c7d74c9647e462ef7e1feea0dba7e243b7bb89", "domaintune.json": "e6aaf4ad6c8acab7078e5a21e6fbdc1f3cce735c4fc52775930be841100fddfb"}, "norm": 0.3627839466113242, "parameters": 256, "rank": 2, "targets": ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]}','{"comparisons": [{"a": "tuned", "b": "base", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "metric": "rougeL", "verdict": "better"}], "origin": "domaintune.json", "scores": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "value": 0.25}, {"evaluator": "exact", "high": 0.375, "low": 0.375, "metric": "rougeL", "n": 30, "system": "tuned", "value": 0.375}]}','{"base": {"fingerprint": "cf868dd04d0aefbf", "name": "/models/tiny", "published_as": "tiny"}, "comparisons": [{"a": "tuned", "b": "base", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "better"}, {"a": "tuned", "b": "floor:constant", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "better"}], "domain": "reports", "files": {"adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "77349a8c91f97b63aa46b05dc1c7d74c9647e462ef7e1feea0dba7e243b7bb89"}, "metrics": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "tag": "all", "value": 0.25}, {"evaluator": "exact", "high": 0.375, "low": 0.375, "metric": "rougeL", "n": 30, "system": "tuned", "tag": "all", "value": 0.375}], "schema_version": 1, "template_fingerprint": "d33924d646a3ab8e", "warnings": []}');
INSERT INTO "versions" VALUES('notes',2,'promoted',0,'ea226d067e6c82885574e4be649181bc3d8a3e41502b8dfbbb19605ba3a8bce2','cf868dd04d0aefbf','d33924d646a3ab8e','2026-11-21T16:24:16+00:00','',NULL,5,'{"bytes": 9199, "dtype": "float32", "files": {"README.md": "d1cd65d675f9a0dd88695a821a87c648a34b9ff45ecfc82fcd719247351830d2", "adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "a702d05d7c594d40645e54d9c6187bf458fd9c840dfc6806c229cfda0748d4c7", "domaintune.json": "41278ee1aba867bc94c1d073ae5c788d5f847ccf53aac83b827d5f99ae26a52e"}, "norm": 0.3665905289615823, "parameters": 256, "rank": 2, "targets": ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]}','{"comparisons": [{"a": "tuned", "b": "base", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "metric": "rougeL", "verdict": "better"}], "origin": "domaintune.json", "scores": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "value": 0.25}, {"evaluator": "exact", "high": 0.375, "low": 0.375, "metric": "rougeL", "n": 30, "system": "tuned", "value": 0.375}]}','{"base": {"fingerprint": "cf868dd04d0aefbf", "name": "/models/tiny", "published_as": "tiny"}, "comparisons": [{"a": "tuned", "b": "base", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "better"}, {"a": "tuned", "b": "floor:constant", "difference": 0.125, "evaluator": "exact", "high": 0.2, "low": 0.05, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "better"}], "domain": "reports", "files": {"adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "a702d05d7c594d40645e54d9c6187bf458fd9c840dfc6806c229cfda0748d4c7"}, "metrics": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "tag": "all", "value": 0.25}, {"evaluator": "exact", "high": 0.375, "low": 0.375, "metric": "rougeL", "n": 30, "system": "tuned", "tag": "all", "value": 0.375}], "schema_version": 1, "template_fingerprint": "d33924d646a3ab8e", "warnings": []}');
INSERT INTO "versions" VALUES('reports',1,'promoted',0,'cab8496b2ce1a8a5567e2f1eb4441fe63008b829ccaf742617f72cb21cb0888f','cf868dd04d0aefbf','d33924d646a3ab8e','2026-11-21T16:24:16+00:00','','for a test',7,'{"bytes": 9201, "dtype": "float32", "files": {"README.md": "d1cd65d675f9a0dd88695a821a87c648a34b9ff45ecfc82fcd719247351830d2", "adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "aecdc85291b9f60222417f28c139ae308d285eb3e24027a666922f6c5d78041b", "domaintune.json": "a2e216c6d5189a930ea1ff7728c0b5614e4786ba1f1afd9a4ec708e27422b5de"}, "norm": 0.3531540840306546, "parameters": 256, "rank": 2, "targets": ["model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj"]}','{"comparisons": [{"a": "tuned", "b": "base", "difference": 0.05, "evaluator": "exact", "high": 0.2, "low": -0.1, "metric": "rougeL", "verdict": "no evidence"}], "origin": "domaintune.json", "scores": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "value": 0.25}, {"evaluator": "exact", "high": 0.3, "low": 0.3, "metric": "rougeL", "n": 30, "system": "tuned", "value": 0.3}]}','{"base": {"fingerprint": "cf868dd04d0aefbf", "name": "/models/tiny", "published_as": "tiny"}, "comparisons": [{"a": "tuned", "b": "base", "difference": 0.05, "evaluator": "exact", "high": 0.2, "low": -0.1, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "no evidence"}, {"a": "tuned", "b": "floor:constant", "difference": 0.05, "evaluator": "exact", "high": 0.2, "low": -0.1, "mde": 0.1, "metric": "rougeL", "p": 0.01, "tag": "all", "verdict": "no evidence"}], "domain": "reports", "files": {"adapter_config.json": "2d76b002ac00e2595f7f031a0c4d08f9c236fef6e1df0243fe14eb11b13d5295", "adapter_model.safetensors": "aecdc85291b9f60222417f28c139ae308d285eb3e24027a666922f6c5d78041b"}, "metrics": [{"evaluator": "exact", "high": 0.25, "low": 0.25, "metric": "rougeL", "n": 30, "system": "base", "tag": "all", "value": 0.25}, {"evaluator": "exact", "high": 0.3, "low": 0.3, "metric": "rougeL", "n": 30, "system": "tuned", "tag": "all", "value": 0.3}], "schema_version": 1, "template_fingerprint": "d33924d646a3ab8e", "warnings": []}');
CREATE UNIQUE INDEX one_promoted ON versions (name) WHERE state = 'promoted';
CREATE INDEX events_of_a_version ON events (name, number);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',6);
COMMIT;
PRAGMA user_version = 1;
