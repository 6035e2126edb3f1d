"""The peer of overwrite.ts: awswrangler overwrites the partitions of a data set on S3, as one does with pandas.

    overwrite-peer.py ROWS.JSONL BUCKET PREFIX MARKED_COLUMN

Writes the data set once, and once more for each line of standard input; prints the seconds of each. A line
is what the column says then in every row.
"""

import json
import sys
import time

import awswrangler as wr
import boto3
import pandas as pd


def main(rows_path, bucket, prefix, marked):
    rows = pd.DataFrame([json.loads(line) for line in open(rows_path, encoding="utf8")])
    # Nothing tells the type of a column without a value.
    rows = rows.astype({name: "string" for name in rows.columns if rows[name].isna().all()})
    session = boto3.Session()

    def overwrite(mark):
        rows[marked] = mark
        began = time.perf_counter()
        wr.s3.to_parquet(
            df=rows,
            path=f"s3://{bucket}/{prefix}/",
            dataset=True,
            partition_cols=["country", "date"],
            mode="overwrite_partitions",
            compression="zstd",
            boto3_session=session,
        )
        return time.perf_counter() - began

    print(json.dumps(overwrite("first")), flush=True)
    for line in sys.stdin:
        print(json.dumps(overwrite(line.strip())), flush=True)


main(*sys.argv[1:])
